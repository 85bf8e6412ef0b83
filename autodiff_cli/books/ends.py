"""Where the code of a cell ends in a notebook that was copied as text, and its output begins.

Nothing marks that end, and outputs can be read as code: `tensor([1., 2.])`, `True`, `loss: 0.5`. Code is
what can be read as a program, paragraph by paragraph, up to the last one that does something: that assigns,
imports or defines, or reads a name that the notebook knows.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

from autodiff_cli.books.notebook import without_magic
from autodiff_cli.errors import SourceSyntaxError
from autodiff_cli.interpret.builtins import BUILTINS
from autodiff_cli.interpret.liveness import of_program
from autodiff_cli.interpret.names import IMPLICIT
from autodiff_cli.source import Source
from autodiff_cli.syntax import parse_program
from autodiff_cli.syntax.statements import AnnotatedAssign, Program
from autodiff_cli.syntax.tree import Assign, Attribute, Call, ExpressionStatement, Name

SHOWN = {"tensor", "array", "Parameter", "nan", "inf"}  # what printed values are written with
Region = tuple[int, int]  # the first line, and the one behind the last


class Ends:
    """The ends of the code of a notebook's cells.

    Args:
        lines: of the whole text.
        regions: one for each cell: the lines in which its code is, and maybe its output.
    """

    def __init__(self, lines: Sequence[str], regions: Sequence[Region]) -> None:
        self.lines = lines
        self.regions = regions
        self.read = [self._read(*region) for region in regions]
        self.known = {*BUILTINS, *IMPLICIT}
        for _, _, program in self.read:
            if program is not None:
                self.known |= set(of_program(program).assigned)

    def code(self, place: int) -> Region:
        """The lines of a cell's code."""
        first, stop, program = self.read[place]
        if program is None:
            return first, stop
        starts = _line_starts(self.lines, first, stop)
        by_line = {bisect_right(starts, x.span.start) - 1 + first: x for x in program.body}
        paragraphs = self._paragraphs(first, stop)
        while len(paragraphs) > 1:
            begin, end = paragraphs[-1]
            found = [by_line[line] for line in range(begin, end) if line in by_line]
            before = [by_line[line] for line in range(first, begin) if line in by_line]
            last = not any(line.strip() for line in self.lines[end : self.regions[place][1]])
            if not self._is_output(found, begin, end, shows=last and _shows(before)):
                break
            paragraphs.pop()
        return first, paragraphs[-1][1]

    def _is_output(self, found: Sequence[object], begin: int, end: int, *, shows: bool) -> bool:
        if not found:
            return all(line.startswith("#") for line in self.lines[begin:end])
        return all(is_output(statement, self.known, shows) for statement in found)

    def _read(self, first: int, end: int) -> tuple[int, int, Program | None]:
        """The longest piece from the first line on that is a program; the first paragraph if none is."""
        paragraphs = self._paragraphs(first, end)
        if not paragraphs:
            return first, first, None
        first = paragraphs[0][0]
        while paragraphs:
            stop = paragraphs[-1][1]
            source = Source(without_magic("\n".join(self.lines[first:stop])))
            try:
                return first, stop, parse_program(source)
            except SourceSyntaxError as error:
                span = error.span
                at = stop if span is None else first + source.line(span.start)[0] - 1
                paragraphs = [p for p in paragraphs[:-1] if p[1] <= at]
        return first, self._paragraphs(first, end)[0][1], None

    def _paragraphs(self, first: int, end: int) -> list[Region]:
        found: list[Region] = []
        begin: int | None = None
        for place in range(first, end + 1):
            filled = place < end and bool(self.lines[place].strip())
            if filled and begin is None:
                begin = place
            elif not filled and begin is not None:
                found.append((begin, place))
                begin = None
        return found

    @staticmethod
    def is_code(text: str) -> bool:
        """Whether a block that names no language is code.

        >>> Ends.is_code("x = torch.ones(2)\\nx.sum()"), Ends.is_code("tensor([1.])"), Ends.is_code("No.")
        (True, False, False)
        """
        try:
            program = parse_program(Source(without_magic(text)))
        except SourceSyntaxError:
            return False
        known = {*BUILTINS, *IMPLICIT, *of_program(program).assigned}
        return not all(is_output(statement, known, True) for statement in program.body)


def is_output(statement: object, known: set[str], shows: bool) -> bool:
    """Whether a statement may be something that was printed.

    Args:
        statement: of a text that can be read as a program.
        known: the names of the program.
        shows: whether the code before it shows something, and nothing else stands behind it; then
            `loss = 0.5` is what was shown.
    """
    if isinstance(statement, AnnotatedAssign):
        return statement.value is None
    if not isinstance(statement, ExpressionStatement) and not (
        shows and isinstance(statement, Assign)
    ):
        return False
    reads = of_program(Program(statement.span, (statement,)))
    names = {*reads.names, *reads.called}
    return names <= SHOWN or not names & known or _is_of_torch(statement)


def _is_of_torch(statement: Assign | ExpressionStatement) -> bool:
    """Whether it is written as `torch.float32`, `torch.Size([2])` or `torch.device('cpu')` are printed."""
    value: object = statement.value
    if isinstance(value, Call):
        value = value.function
        if getattr(value, "name", "") not in ("Size", "device"):
            return False
    return (
        isinstance(value, Attribute) and isinstance(value.value, Name) and value.value.id == "torch"
    )


def _shows(statements: Sequence[object]) -> bool:
    return bool(statements) and isinstance(statements[-1], ExpressionStatement)


def _line_starts(lines: Sequence[str], first: int, stop: int) -> list[int]:
    starts, offset = [], 0
    for line in without_magic("\n".join(lines[first:stop])).split("\n"):
        starts.append(offset)
        offset += len(line) + 1
    return starts
