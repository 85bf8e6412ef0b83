"""Sessions at the prompt: each value is shown with its gradients by the variables that it depends on."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from autodiff_cli.books.cells import Book
from autodiff_cli.errors import AutodiffError
from autodiff_cli.evaluation.programs import rows_of
from autodiff_cli.evaluation.report import Paint, labelled
from autodiff_cli.ir.node import Node
from autodiff_cli.program import Session
from autodiff_cli.settings import Settings
from autodiff_cli.source import Source
from autodiff_cli.tensors.tensor import Tensor, of_array

LAST = "_"  # the name of what was shown last


class Interactive(Session):
    """A session whose texts are typed, or were: torch's names go without prefix, `_` is the last value.

    Args:
        settings: what it is computed with.
        paint: wraps labels, for colour.
        more: arguments of `Session`; it echoes.
    """

    def __init__(self, settings: Settings, paint: Paint = str, **more: Any) -> None:
        super().__init__(settings, **{**more, "echo": True, "implicit": True, "bare": True})
        self.paint = paint

    def show(self, value: Any) -> None:
        """Echo a value; a scalar that has gradients as the command prints it, with those."""
        self.variables[LAST] = value
        text = repr(value)
        gradients = self.gradients(value)
        if gradients:
            lines = {"value": text} | {f"{name}.grad": repr(g) for name, g in gradients.items()}
            text = "\n".join(labelled(label, body, self.paint) for label, body in lines.items())
        self.write(f"{text}\n")

    def leaves(self) -> dict[str, Node]:
        """The variables that can be differentiated by, each tensor under the first of its names."""
        found: dict[int, tuple[str, Node]] = {}
        for name, value in self.variables.items():
            if name != LAST and isinstance(value, Tensor) and value.requires_grad and value.is_leaf:
                found.setdefault(id(value), (name, value.node))
        return dict(found.values())

    def gradients(self, value: Any) -> dict[str, Tensor]:
        """The gradients of a computed scalar by the variables that it depends on."""
        if not isinstance(value, Tensor) or not value.requires_grad or value.is_leaf:
            return {}
        try:
            rows = rows_of(value.node, self.leaves(), (), Source(""), scalars_only=False)
        except AutodiffError as error:  # such as values that a backward pass has freed
            self.complain(f"note: no gradients: {error.message.partition('. ')[0]}\n")
            return {}
        return {
            name: of_array(gradient.array)
            for row in rows
            for name, gradient in row.by_input.items()
            if gradient is not None
        }


def beginning(book: Book, settings: Settings, echo: bool, **streams: Any) -> Callable[..., Session]:
    """What begins the session that the cells of a book run in.

    A snippet that is echoed is as at a prompt, where torch is imported; so are a notebook's cells.

    Args:
        book: the cells.
        settings: what they are computed with.
        echo: whether a program's expressions are shown.
        streams: further arguments of `Session`.
    """
    if book.kind == "session":
        return partial(Interactive, settings, **streams)
    implicit = echo or not book.is_program
    return partial(Session, settings, echo=echo, implicit=implicit, **streams)
