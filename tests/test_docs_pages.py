"""Pages of no single command: their examples, executed, and what they list; and the links of every page."""

from __future__ import annotations

import doctest
import re
from pathlib import Path

import pytest
from console import ROOT, Example, examples, executed

PAGES = ("expressions", "options", "programs", "library", "tutorial", "cookbook", "errors")
TEXTS = {page: (ROOT / "docs" / f"{page}.md").read_text() for page in PAGES}
# a command of several lines goes on behind `> `, as at a prompt
EXAMPLES = {page: examples(re.sub(r"\n> ?", "\r", text)) for page, text in TEXTS.items()}
ALL = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("benchmarks/*.md")])


@pytest.mark.parametrize("page", [page for page in PAGES if EXAMPLES[page]])
def test_examples(page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In order, in one folder: some write the files that later ones read."""
    monkeypatch.delenv("COLUMNS", raising=False)
    for example in EXAMPLES[page]:
        printed = executed(example.command.replace("\r", "\n"), tmp_path)
        assert printed == (example.output, example.code), example.command


@pytest.mark.parametrize("page", PAGES)
def test_python_examples(page: str) -> None:
    blocks = "\n".join(re.findall(r"```python\n(.*?)```", TEXTS[page], re.DOTALL))
    test = doctest.DocTestParser().get_doctest(blocks, {}, page, f"docs/{page}.md", 0)
    assert bool(test.examples) == ("```python" in TEXTS[page])
    assert doctest.DocTestRunner().run(test).failed == 0


def test_every_option_is_listed() -> None:
    from autodiff_cli.cli.eval import command

    options = {name for param in command.params for name in param.opts if name.startswith("--")}
    missing = [name for name in options - {"--version"} if f"`{name}" not in TEXTS["options"]]
    assert missing == []


def test_every_option_of_run_is_listed() -> None:
    from autodiff_cli.cli.run import command

    options = {name for param in command.params for name in param.opts if name.startswith("--")}
    assert [name for name in options if f"`{name}" not in TEXTS["programs"]] == []


def sections(page: str) -> list[str]:
    """The tasks or errors of a page."""
    return re.findall(r"^### (.*)$", TEXTS[page], re.MULTILINE)


def parts(page: str) -> list[str]:
    return re.split(r"^### .*$", TEXTS[page], flags=re.MULTILINE)[1:]


def failing(found: list[Example]) -> list[int]:
    return [example.code for example in found if example.code]


def test_the_cookbook_has_30_tasks() -> None:
    assert len(set(sections("cookbook"))) == 30
    assert all(examples(part) or "```python" in part for part in parts("cookbook"))


def test_the_commonest_errors_are_shown_and_mended() -> None:
    assert len(set(sections("errors"))) == 25
    for part in parts("errors"):
        found = examples(re.sub(r"\n> ?", "\r", part))
        assert "**Why**" in part, part
        assert len(failing(found)) >= 1 and found[-1].code == 0, part  # wrong, then right


# ---- links -------------------------------------------------------------------------------------------


def anchors(path: Path) -> set[str]:
    """What links to parts of a page may name: its headings, as GitHub spells them."""
    text = re.sub(r"^```.*?^```", "", path.read_text(), flags=re.DOTALL | re.MULTILINE)
    found: set[str] = set()
    for heading in re.findall(r"^#+ +(.*?)\s*$", text, re.MULTILINE):
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)
        anchor = re.sub(r"[^\w\- ]", "", plain.lower()).replace(" ", "-")
        number = 0
        while (name := f"{anchor}-{number}" if number else anchor) in found:
            number += 1
        found.add(name)
    return found


@pytest.mark.parametrize("path", ALL, ids=lambda path: str(path.relative_to(ROOT)))
def test_links(path: Path) -> None:
    text = re.sub(r"^```.*?^```|`[^`\n]*`", "", path.read_text(), flags=re.DOTALL | re.MULTILINE)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        place = (path.parent / name).resolve() if name else path
        assert place.exists(), target
        assert place.is_relative_to(ROOT), target
        if anchor:
            assert anchor in anchors(place), target


def test_every_page_is_linked() -> None:
    linked = {
        (path.parent / target.partition("#")[0]).resolve()
        for path in ALL
        for target in re.findall(r"\]\(([^)\s]+)\)", path.read_text())
    }
    assert [str(path) for path in ROOT.glob("docs/*.md") if path.resolve() not in linked] == []
