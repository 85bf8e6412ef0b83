"""The prompt with prompt_toolkit: texts of several lines, coloured, completed, found again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from prompt_toolkit import PromptSession
from prompt_toolkit.completion import Completer, Completion
from prompt_toolkit.formatted_text.utils import split_lines
from prompt_toolkit.history import InMemoryHistory
from prompt_toolkit.key_binding import KeyBindings
from prompt_toolkit.lexers import Lexer
from prompt_toolkit.styles import Style

from autodiff_cli.cli.prompt_history import History
from autodiff_cli.cli.prompt_lines import FIRST, NEXT
from autodiff_cli.cli.prompt_text import coloured, completions, is_whole

INDENT = "    "
COLOURS = {
    "keyword": "ansimagenta", "number": "ansicyan", "string": "ansigreen", "call": "ansiblue",
    "comment": "ansibrightblack", "word": "ansiyellow",
}  # fmt: skip


class Screen:
    """Reads texts.

    Args:
        history: of the sessions before.
        names: what a name may become, of which the beginning is given.
        colour: whether texts are coloured.
    """

    def __init__(
        self, history: History, names: Callable[[str], list[str]], colour: bool = True
    ) -> None:
        self.session: Any = PromptSession(
            FIRST,
            history=InMemoryHistory(history.texts),
            completer=_Names(names),
            complete_while_typing=False,
            lexer=_Words() if colour else None,
            style=Style.from_dict(COLOURS) if colour else None,
            multiline=True,
            prompt_continuation=NEXT,
            key_bindings=_keys(),
        )

    def read(self) -> str:
        """A text.

        Raises:
            EOFError, KeyboardInterrupt: Ctrl-D, Ctrl-C.
        """
        text: str = self.session.prompt(handle_sigint=False)
        return text


class _Names(Completer):  # type: ignore[misc]
    """Completes what stands before the cursor.

    Args:
        names: what a name may become.
    """

    def __init__(self, names: Callable[[str], list[str]]) -> None:
        self.names = names

    def get_completions(self, document: Any, complete_event: Any) -> Iterator[Any]:
        length, words = completions(document.text_before_cursor, self.names)
        for word in words:
            yield Completion(word, start_position=-length)


class _Words(Lexer):  # type: ignore[misc]
    """Colours by what the grammar says a word is."""

    def lex_document(self, document: Any) -> Callable[[int], Any]:
        pieces = [(f"class:{kind}" if kind else "", word) for kind, word in coloured(document.text)]
        lines = list(split_lines(pieces))
        return lambda number: lines[number] if number < len(lines) else []


def _keys() -> Any:
    keys = KeyBindings()

    @keys.add("enter")  # type: ignore[untyped-decorator]
    def _enter(event: Any) -> None:
        buffer = event.current_buffer
        if buffer.complete_state and buffer.complete_state.current_completion:
            buffer.complete_state = None
        elif is_whole(buffer.text) and (
            "\n" not in buffer.text or buffer.document.is_cursor_at_the_end
        ):
            buffer.validate_and_handle()
        else:
            line = buffer.document.current_line_before_cursor
            indent = line[: len(line) - len(line.lstrip())]
            buffer.insert_text("\n" + indent + INDENT * line.rstrip().endswith(":"))

    @keys.add("tab")  # type: ignore[untyped-decorator]
    def _tab(event: Any) -> None:
        buffer = event.current_buffer
        if buffer.document.current_line_before_cursor.strip():
            if buffer.complete_state:
                buffer.complete_next()
            else:
                buffer.start_completion(insert_common_part=True)
        else:
            buffer.insert_text(INDENT)

    return keys
