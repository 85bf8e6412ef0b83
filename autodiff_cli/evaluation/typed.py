"""What is typed at the prompt, a text after the other: statements are run, and asked about.

A session is the statements that ended well, one below the other; what ended in an error isn't part of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import pairwise
from textwrap import dedent
from typing import Any

import numpy as np

from autodiff_cli.errors import AutodiffError, InputError, SourceSyntaxError
from autodiff_cli.evaluation.interactive import LAST, Interactive
from autodiff_cli.inputs import Given, bind_all
from autodiff_cli.interpret.access import attribute, names_of
from autodiff_cli.interpret.allowed import PROGRAM_CLASSES
from autodiff_cli.interpret.builtins import BUILTINS
from autodiff_cli.interpret.code import compiled_program, compiled_text
from autodiff_cli.interpret.graph import located
from autodiff_cli.interpret.limits import limits
from autodiff_cli.interpret.names import IMPLICIT, SHORT, found_names, function_names
from autodiff_cli.ir.context import current
from autodiff_cli.program import ProgramError, variables_of
from autodiff_cli.record import Record
from autodiff_cli.source import Source
from autodiff_cli.syntax.tree import ExpressionStatement, Name, trees_in
from autodiff_cli.tensors.tensor import Tensor, of_array
from autodiff_cli.vocabulary.calls.handles import TensorMethod
from autodiff_cli.vocabulary.calls.values import NO_VALUE

NO_STATEMENT = "not a statement"
DOTTED = re.compile(r"[^\W\d]\w*(?:\.\w+)*")
NUMBERS = re.compile(r"[-+\d.eE,\s\[\]]*")  # and lists of them
WHOLE = re.compile(r"(?<![\w.+-])[-+]?\d+(?![\w.])")
MOST_ELEMENTS = 10_000  # of a tensor that is written out for another command
ON_COMMAND_LINE = re.compile(r"bind it on the command line: (\w+)=.*")


class Done(Record):
    """A statement that ended well.

    Attributes:
        text: of it.
        reads: the names that it reads.
        assigned: those that it sets.
    """

    text: str
    reads: frozenset[str]
    assigned: frozenset[str]


class Failed(Exception):
    """A text ended in an error; `args` has what is said of it, `done` the statements before."""

    def __init__(self, said: str, done: list[str]) -> None:
        super().__init__(said)
        self.done = done


def statements(text: str) -> Iterator[str]:
    """The statements of a text, each as it is written.

    Raises:
        SourceSyntaxError: it is no program.

    >>> list(statements("x = 1; y = 2  # two\\n@f\\ndef g(): pass\\n"))
    ['x = 1', 'y = 2  # two', '@f\\ndef g(): pass']
    """
    body = compiled_program(Source(text)).tree.body
    starts = []
    for statement in body:
        decorators = getattr(statement, "decorators", ())
        first = decorators[0].span.start if decorators else statement.span.start
        starts.append(text.rindex("@", 0, first) if decorators else first)
    for first, end in pairwise([*starts, len(text)]):
        yield text[first:end].rstrip("; \t\r\n")


class Desk:
    """What happens to what is typed in a session.

    Args:
        session: that has begun.
    """

    def __init__(self, session: Interactive) -> None:
        self.session = session
        self.done: list[Done] = []
        self.last = ""  # the text of what was shown last
        self.told: list[list[str]] = []  # what was said of results without gradients

    # ---- running ------------------------------------------------------------------------------

    def run(self, text: str) -> list[str]:
        """Run a text; the statements that it is made of.

        Raises:
            Failed: one of them ended in an error; those before it stay.
        """
        text = dedent(text).strip("\n")
        made: list[str] = []
        try:
            for piece in statements(text):
                try:
                    self._run(piece)
                except ProgramError as error:
                    raise Failed(self._said(error, piece), made) from None
                except KeyboardInterrupt:
                    raise Failed("interrupted", made) from None
                made.append(piece)
        except SourceSyntaxError as error:
            raise Failed(self._explained(error, text).report(), made) from None
        return made

    def _run(self, piece: str) -> None:
        limits().begin()  # each text may take as many steps as a program
        source = Source(piece)
        compiled = compiled_program(source)
        before = self.session.variables.get(LAST)
        value = self.session.run_compiled(compiled, source)
        if isinstance(compiled.last, ExpressionStatement) and value not in (None, NO_VALUE):
            self.last = self._written_out(piece)
            self._tell(piece, value, compiled.reads.names)
        elif self.session.variables.get(LAST) is not before:
            self.last = ""  # it was shown within a loop
        reads = {*compiled.reads.names, *compiled.reads.called}
        self.done.append(Done(piece, frozenset(reads), frozenset(compiled.reads.assigned)))

    def _tell(self, text: str, value: Any, reads: Iterable[str]) -> None:
        """Say once how results have gradients, and powers are written, where one may be missed."""
        variables = self.session.variables
        numbers = [name for name in reads if type(variables.get(name)) in (int, float)]
        if type(value) is int and "^" in text:
            said = "'^' is Python's exclusive or of whole numbers; a power is x**2"
        elif type(value) in (int, float) and numbers and value is not variables[numbers[0]]:
            name, given = numbers[0], variables[numbers[0]]
            kind = type(given).__name__
            said = (
                f"no gradient: {name} is a Python {kind}; .input {name}={given} makes it an input"
            )
        elif isinstance(value, Tensor) and value.requires_grad and value.node.numel != 1:
            shape = list(value.node.shape)
            said = f"no gradient: the result has shape {shape}; its sum() and mean() have gradients"
        else:
            return
        if said.split()[:4] not in self.told:
            self.told.append(said.split()[:4])
            self.session.complain(f"note: {said}\n")

    def bind(self, name: str, value: Given) -> list[str]:
        """Bind an input as the command does, by statements where it is a text; these.

        Args:
            name: of the variable.
            value: a text, or what was read from a file.

        Raises:
            Failed: the text ends in an error.
        """
        if not isinstance(value, str):
            self.session.variables |= variables_of(bind_all({name: value}))
            self.done.append(Done("", frozenset(), frozenset((name,))))
            return []
        text = value.strip()
        if NUMBERS.fullmatch(text):
            numbers = WHOLE.sub(lambda number: f"{number[0]}.", text)
            return self.run(f"{name} = tensor({numbers}, requires_grad=True)")
        made = self.run(f"{name} = {text}")
        given = self.session.variables[name]
        if isinstance(given, Tensor):
            if given.node.dtype.is_floating and not given.requires_grad:
                made += self.run(f"{name} = {name}.requires_grad_()")
            return made
        dtype = "dtype=torch.get_default_dtype(), requires_grad=True"
        return made + self.run(f"{name} = tensor({name}, {dtype})")

    # ---- errors -------------------------------------------------------------------------------

    def _said(self, error: ProgramError, text: str) -> str:
        """An expression's error with its carets and what to type instead; a program's traceback."""
        raised = error.error
        if "\n" in text or not isinstance(raised, Exception):
            return error.report()
        try:  # `x^2` is Python, and no expression
            found = located(raised, Source(text), self.session.variables)
        except SourceSyntaxError as better:
            return better.report()
        if found.source is not None and found.source.text != text:  # in a function from before
            return error.report()
        if found.hint:
            found.hint = ON_COMMAND_LINE.sub(r"type .input \1=3", found.hint)
        return found.report()

    @staticmethod
    def _explained(error: SourceSyntaxError, text: str) -> AutodiffError:
        """The error of a text that is no program: as that of an expression, which says what to type."""
        if "\n" in text:
            return error
        try:
            compiled_text(Source(text))
        except SourceSyntaxError as better:
            if NO_STATEMENT not in better.message:  # which stands where an expression alone does
                return better
        return error

    # ---- what other commands are asked ----------------------------------------------------------

    def question(self, text: str) -> tuple[str, list[str], list[str]]:
        """A text that stands by itself, the words that bind its inputs, and those to differentiate by.

        Args:
            text: an expression; what was shown last if "".

        Raises:
            InputError: there is none, or it can't be written without the session.
        """
        if not text and not self.last:
            raise InputError("nothing was shown yet", hint="type an expression first, such as x**2")
        try:
            text = self._written_out(text) if text else self.last
            reads = compiled_program(Source(text)).reads
        except SourceSyntaxError as error:
            raise self._explained(error, text) from None
        needed = {*reads.names, *reads.called} & self.session.variables.keys()
        kept, bound, later = [text], dict[str, str](), set[str]()
        for done in reversed(self.done):
            wanted = done.assigned & needed
            if wanted:
                values = {name: self.session.variables.get(name) for name in wanted}
                leaves = {n: v for n, v in values.items() if isinstance(v, Tensor) and v.is_leaf}
                if len(leaves) == len(values):
                    again = wanted & later
                    if again:
                        raise InputError(
                            f"'{min(again)}' has another value since; write the expression out"
                        )
                    bound |= {name: _written(name, leaf) for name, leaf in leaves.items()}
                else:
                    kept.insert(0, done.text)
                    needed |= done.reads & self.session.variables.keys()
                    if not done.reads & wanted:
                        needed -= wanted
                        later |= done.assigned
                        continue
                needed -= set(bound)
            later |= done.assigned
        words = [f"{name}={value}" for name, value in sorted(bound.items())]
        wrt = [name for name in sorted(bound) if self.session.variables[name].requires_grad]
        return "\n".join(kept), words, wrt

    def _written_out(self, text: str) -> str:
        """An expression with what was shown last in the place of its `_`.

        Raises:
            SourceSyntaxError: it is no expression.
        """
        body = compiled_program(Source(text)).tree.body
        spans = [tree.span for tree in trees_in(body) if isinstance(tree, Name) and tree.id == LAST]
        for span in sorted(spans, key=lambda span: -span.start):
            text = f"{text[: span.start]}({self.last}){text[span.end :]}"
        return text

    # ---- names --------------------------------------------------------------------------------

    def names(self, prefix: str) -> list[str]:
        """What a name may become, of which the beginning is typed: `x.su`, `ten`; `.su` of a tensor.

        >>> from autodiff_cli.settings import Settings
        >>> with Interactive(Settings(), write=print, complain=print) as session:
        ...     Desk(session).names("torch.nn.functional.gel")
        ['torch.nn.functional.gelu']
        """
        head, dot, begun = prefix.rpartition(".")
        if dot:
            value = self._found(head) if head else of_array(np.zeros(()))
            names: Iterable[str] = [] if value is NO_VALUE else names_of(value)
        else:
            names = {*self.variables(), *function_names(), *IMPLICIT, *SHORT, *BUILTINS}
        hidden = not begun.startswith("_")
        found = (n for n in names if n.startswith(begun) and not (hidden and n.startswith("_")))
        return [f"{head}{dot}{name}" for name in sorted(found)]

    def variables(self) -> list[str]:
        """The names of the session's variables."""
        return [name for name in self.session.variables if not name.startswith("_")]

    def _found(self, dotted: str) -> Any:
        """What a dotted name means; NO_VALUE if nothing."""
        first, *rest = dotted.split(".")
        variables = self.session.variables
        value = variables.get(first, found_names([first], {}, ()).get(first, NO_VALUE))
        for name in rest:
            if type(value) in PROGRAM_CLASSES:  # whose attributes may be code of the program's
                return NO_VALUE
            try:
                value = attribute(value, name)
            except AttributeError:
                return NO_VALUE
        return value

    def about(self, name: str) -> str:
        """What is known of a variable, or a part of one; "" if there is none of that name."""
        if name.partition(".")[0] not in self.session.variables or not DOTTED.fullmatch(name):
            return ""
        value = self._found(name)
        if value is NO_VALUE:
            raise InputError(f"'{name}' is none of its parts", hint="Tab shows them")
        if isinstance(value, Tensor):
            leaf = ", an input: results have a gradient by it" if value.requires_grad else ""
            shown = f"{name}: a tensor of shape {list(value.node.shape)}, {value.node.dtype.name}"
            return f"{shown}{leaf if value.is_leaf else ''}\n{value!r}"
        if isinstance(value, TensorMethod):
            return "\n".join(value.function.texts)
        defined = [d.text for d in self.done if name in d.assigned and callable(value)]
        return defined[-1] if defined else f"{name}: {value!r}"


def _written(name: str, value: Tensor) -> str:
    """A tensor as the value of an input: a leaf as numbers, which are one again."""
    array = np.asarray(value.node.value)
    if array.size > MOST_ELEMENTS:
        raise InputError(
            f"'{name}' has {array.size:,} elements; at most {MOST_ELEMENTS:,} are written out"
        )
    text = _nested(array)
    is_default = value.node.dtype is current().dtype
    dtype = value.node.dtype.name
    return text if is_default else f"tensor({text}, dtype=torch.{dtype})"


def _nested(array: np.ndarray[Any, Any]) -> str:
    if not array.ndim:
        return str(array)
    return f"[{', '.join(map(_nested, array))}]"
