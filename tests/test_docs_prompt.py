"""docs/prompt.md: its session, typed; its examples, executed; its list of options."""

from __future__ import annotations

import re
from pathlib import Path

from console import ROOT, examples, executed

from autodiff_cli.cli.prompt import command
from autodiff_cli.cli.prompt_words import WORDS
from autodiff_cli.evaluation.interactive import Interactive
from autodiff_cli.evaluation.typed import Desk, Failed
from autodiff_cli.settings import Settings

TEXT = (ROOT / "docs" / "prompt.md").read_text()


def typed() -> list[tuple[str, str]]:
    """The texts of the session at the page's head, each with what it gives."""
    session = re.search(r"```\n\$ autodiff\n.*?\n(>>> .*?)```", TEXT, re.DOTALL)
    assert session is not None
    found = []
    for part in re.split(r"^>>> ", session[1], flags=re.MULTILINE)[1:]:
        lines = part.splitlines()
        more = next(
            (n for n, line in enumerate(lines) if n and not line.startswith("...")), len(lines)
        )
        text = [lines[0], *(line[4:] for line in lines[1:more])]
        found.append(("\n".join(text), "\n".join(lines[more:])))
    return found


def test_the_session_prints_what_stands_there(tmp_path: Path) -> None:
    printed: list[str] = []
    with Interactive(Settings(), write=printed.append, complain=printed.append) as session:
        desk = Desk(session)
        for text, gives in typed():
            printed.clear()
            word, _, rest = text.partition(" ")
            try:
                if word == ".input":
                    printed += desk.bind(*rest.split("="))
                elif word == ".derive":
                    question, words, _ = desk.question(rest)
                    quoted = " ".join([f"'{question}'", *words])
                    printed.append(executed(f"autodiff derive {quoted}", tmp_path)[0])
                elif word == ".save":
                    count = len(desk.done)
                    printed.append(f"{count} statements in {rest}: autodiff run {rest}")
                else:
                    desk.run(text)
            except Failed as error:
                printed.append(str(error))
            assert "".join(printed).rstrip("\n") == gives, text


def test_examples(tmp_path: Path) -> None:
    for example in examples(TEXT):
        assert executed(example.command, tmp_path) == (example.output, example.code)


def test_every_option_and_word_is_listed() -> None:
    section = TEXT.split("## All options")[1]
    options = [name for param in command.params for name in param.opts if name.startswith("-")]
    assert [name for name in options if f"`{name}`" not in section] == []
    assert [word for word in WORDS if f"`{word}" not in TEXT] == []
