"""The prompt of the standard library: readline where there is one, for want of prompt_toolkit."""

from __future__ import annotations

from collections.abc import Callable

from autodiff_cli.cli.prompt_history import History
from autodiff_cli.cli.prompt_text import completions, is_whole

try:
    import readline
except ImportError:  # Windows
    readline = None  # type: ignore[assignment]

DELIMITERS = " \t\n()[]{}+-*/=,;:<>%&|^~\"'!@"
FIRST, NEXT = ">>> ", "... "


class Lines:
    """Reads texts line by line.

    Args:
        history: of the sessions before.
        names: what a name may become, of which the beginning is given.
    """

    def __init__(self, history: History, names: Callable[[str], list[str]]) -> None:
        self.names = names
        self.found: list[str] = []
        if readline is None:
            return
        for text in history.texts:
            for line in text.split("\n"):
                readline.add_history(line)
        readline.set_completer(self._complete)
        readline.set_completer_delims(DELIMITERS)
        libedit = "libedit" in (readline.__doc__ or "")
        readline.parse_and_bind("bind ^I rl_complete" if libedit else "tab: complete")

    def read(self) -> str:
        """A text: a line, or several if one isn't whole.

        Raises:
            EOFError, KeyboardInterrupt: Ctrl-D, Ctrl-C.
        """
        text = input(FIRST)
        while not is_whole(text):
            text += "\n" + input(NEXT)
        return text

    def _complete(self, text: str, state: int) -> str | None:
        """What readline asks for, one at a time; it replaces what stands behind the last delimiter."""
        assert readline is not None
        if state == 0:
            before = readline.get_line_buffer()[: readline.get_endidx()]
            length, words = completions(before, self.names)
            self.found = [word[length - len(text) :] for word in words]
        return self.found[state] if state < len(self.found) else None
