"""A whole text of formulas: sizes, the user's own lines, shared parts, a formula for each input."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from autodiff_cli.formula.expressions import Expression, used
from autodiff_cli.formula.text import Dialect, written

WORD = re.compile(r"[^\W\d]\w*")


class Line(NamedTuple):
    """A line that a formula may need.

    Attributes:
        name: what it names.
        text: the line.
        reads: names in it.
    """

    name: str
    text: str
    reads: frozenset[str]


class Script(NamedTuple):
    """Formulas and the lines before them.

    Attributes:
        sizes: lines that take sizes from shapes.
        lines: the user's own lines, then (name, text) of shared parts as lines.
        formulas: (name, text), in order.
    """

    sizes: tuple[str, ...]
    lines: tuple[str, ...]
    formulas: tuple[tuple[str, str], ...]

    def text(self, notes: Mapping[str, Sequence[str]] | None = None) -> str:
        """The text that reads back: of one formula its value, of several a tuple.

        Args:
            notes: what is said before each formula, by name; of all of them by "".
        """
        notes = {name: [f"# {note}" for note in said] for name, said in (notes or {}).items()}
        result = list(notes.get("", ()))
        if len(self.formulas) == 1:
            ((name, formula),) = self.formulas
            result += [*notes.get(name, ()), *self.sizes, *self.lines, formula]
            return "\n".join(result)
        result += [*self.sizes, *self.lines]
        for name, formula in self.formulas:
            result += [*notes.get(name, ()), f"{name} = {formula}"]
        return "\n".join([*result, ", ".join(name for name, _ in self.formulas)])


def script(
    outputs: Mapping[str, Expression],
    dialect: Dialect,
    own: Sequence[Line] = (),
    shapes: Mapping[str, Sequence[str]] | None = None,
    taken: Sequence[str] = (),
    sharing: str = "auto",
) -> Script:
    """The text of formulas.

    Args:
        outputs: formulas, by name.
        dialect: writes them.
        own: lines that define the user's names, in order.
        shapes: of inputs, with the names that sizes have.
        taken: names that mean something.
        sharing: as `written` takes it.
    """
    shapes = shapes or {}
    names = {size for shape in shapes.values() for size in shape if size.isidentifier()}
    busy = {*taken, *names, *(line.name for line in own)}
    text = written(list(outputs.values()), dialect, sorted(busy), sharing)
    lines = [f"{name} = {part}" for name, part in text.lines]
    read = {e.data for e in used(list(outputs.values())) if e.op == "name"}
    kept: list[str] = []
    for line in reversed(own):
        if line.name in read:
            kept.append(line.text)
            read |= line.reads
    sizes = names & words([*kept, *lines, *text.results])
    return Script(
        tuple(size_lines(shapes, sizes)),
        (*reversed(kept), *lines),
        tuple(zip(outputs, text.results, strict=True)),
    )


def words(texts: Iterable[str]) -> set[str]:
    """The names in texts."""
    return {word for text in texts for word in WORD.findall(text)}


def size_lines(shapes: Mapping[str, Sequence[str]], wanted: set[str]) -> list[str]:
    """Lines that take sizes from the shapes of inputs.

    >>> size_lines({"x": ("n", "m"), "y": ("m", "k", "3")}, {"n", "m", "k"})
    ['n, m = x.shape', 'k = y.shape[1]']
    >>> size_lines({"x": ("n",)}, {"n"})
    ['n = len(x)']
    """
    lines = []
    missing = set(wanted)
    for name, shape in sorted(shapes.items(), key=lambda e: -len(missing & set(e[1]))):
        found = [size for size in dict.fromkeys(shape) if size in missing]
        if not found:
            continue
        if len(found) == len(shape) > 1:
            lines.append(f"{', '.join(shape)} = {name}.shape")
        else:
            places = [list(shape).index(size) for size in found]
            counts = [
                f"{name}.shape[{at}]" if at or "len" in shapes else f"len({name})" for at in places
            ]
            lines += [f"{size} = {count}" for size, count in zip(found, counts, strict=True)]
        missing -= set(found)
    return lines
