"""Derivatives as formulas: made, read back and compared with reverse mode before anybody sees them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from autodiff_cli.errors import InputError, RuntimeFault
from autodiff_cli.evaluation.called import called
from autodiff_cli.evaluation.points import Outcome, Points
from autodiff_cli.evaluation.question import Declared, Output, Question, Wanted
from autodiff_cli.evaluation.recorded import Branches
from autodiff_cli.evaluation.vanishing import without_vanishing
from autodiff_cli.formula.algebra import Algebra
from autodiff_cli.formula.expressions import Expression
from autodiff_cli.formula.identities import RULES
from autodiff_cli.formula.opening import Closed, opened
from autodiff_cli.formula.reading import Unspelled, read
from autodiff_cli.formula.rules import Rules, Step
from autodiff_cli.formula.script import Line, Script, script
from autodiff_cli.formula.terms import Term, leaves_of
from autodiff_cli.formula.tidying import spread, tidied
from autodiff_cli.formula.torch_text import Torch
from autodiff_cli.formula.writing import Writer
from autodiff_cli.inputs import Given
from autodiff_cli.interpret.limits import Limits
from autodiff_cli.ir import dtypes
from autodiff_cli.ir.context import started
from autodiff_cli.ir.node import INPUT, Array, Node
from autodiff_cli.record import Record
from autodiff_cli.source import Source

__all__ = ["Declared", "Derivation", "Formula", "Wanted", "derive"]

EVERYTHING = tuple(rule.name for rule in RULES)
VANISHING = "vanishing sum"
PRODUCTS = "quotients for products"
TIDYING = "tidying"
LONGEST = 60  # characters of a condition from where on nobody reads it


class Formula(Record):
    """A derivative.

    Attributes:
        name: what it is called in a text: "d_x".
        wrt: the inputs it is by.
        text: of the language.
        expression: as a person writes it; None where it is only written as a call.
        conditions: where it holds, if not everywhere: what each says, such as "norm(x) != 0".
    """

    name: str
    wrt: tuple[str, ...]
    text: str
    expression: Expression | None
    conditions: tuple[str, ...]


class Derivation(Record):
    """Formulas that agree with reverse mode.

    Attributes:
        kind: of the derivative, as in `Wanted`.
        order: likewise.
        formulas: by input.
        script: their text, which gives their values.
        own: lines that define the user's names.
        definitions: the same as expressions; None where an operation has no formula.
        value: the result itself as an expression, or None.
        shapes: of the inputs, with the names that sizes have.
        integers: names of the inputs that are integers.
        named: names of cotangents and vectors.
        sized: names of sizes.
        sharing: as it was asked for.
        points: at how many points they were compared.
        difference: the largest relative one that was found.
        finite: whether the derivative is, at the given values.
        sizes: what sizes were in the comparisons.
        assumed: sums that are taken for 0, since they are at every point.
        branches: what holds for the inputs alone, as `Recorded` has it; None where nothing is to be said.
        seed: the result's cotangent: "" for 1, "ones", "given", or its name.
        left_out: rules that didn't hold here, and were undone.
        reason: why: what was wrong with the formula that they made.
        call: why the text is a call of reverse mode, or "".
        parts: of the text, whose gradients are such calls.
        rules: names of the rules that were applied.
        steps: what was rewritten, as text.
    """

    kind: str
    order: int
    formulas: tuple[Formula, ...]
    script: Script
    own: tuple[Line, ...]
    definitions: dict[str, Expression | None]
    value: Expression | None
    shapes: dict[str, tuple[str, ...]]
    integers: tuple[str, ...]
    named: tuple[str, ...]
    sized: tuple[str, ...]
    sharing: str
    points: int
    difference: float
    finite: bool
    sizes: tuple[dict[str, int], ...]
    assumed: tuple[str, ...]
    branches: Branches | None
    seed: str
    left_out: tuple[str, ...]
    reason: str
    call: str
    parts: tuple[str, ...]
    rules: tuple[str, ...]
    steps: tuple[tuple[str, str, str], ...]

    @property
    def text(self) -> str:
        """The text of the language, without notes."""
        return self.script.text()


def derive(
    expression: str | Source,
    inputs: Mapping[str, Given | Declared] | None = None,
    *,
    wrt: Sequence[str] | None = None,
    seed: str | Array | None = None,
    wanted: Wanted | None = None,
    sharing: str = "auto",
    expand: bool = False,
    steps: bool = False,
    whole: bool = False,
    max_steps: int = 10**8,
) -> Derivation:
    """The derivative of an expression as a formula.

    Args:
        expression: in the language, such as "mean(3*(x+2)**2)".
        inputs: values as `evaluate` takes them, or `Declared` shapes; names that are missing are numbers.
        wrt: names of the inputs to differentiate by; all floating ones if None.
        seed: the cotangent of a result that is no scalar: an expression, an array, or a name for it; ones if
            None.
        wanted: which derivative; the gradient if None.
        sharing: "auto", "names" for all that is there twice, "inline" for nothing.
        expand: whether to multiply products of sums out.
        steps: whether to keep what was rewritten.
        whole: whether to give the result itself and the user's names as expressions, for other languages.
        max_steps: the most loop turns and calls of a program, each time it runs.

    Raises:
        AutodiffError: the text can't be run or has no derivative, or no formula agrees with it.

    >>> derive("mean(3*(x+2)**2)", {"x": "ones(2,2)"}).text
    '3*(x + 2)/2'
    >>> print(derive("mean(x**2)", {"x": Declared(("n",))}).text)
    n = len(x)
    2*x/n
    >>> derive("logsumexp(x, 0)", {"x": Declared((3,))}, wanted=Wanted("hessian")).script.lines
    ('t1 = softmax(x, dim=0)',)
    """
    source = expression if isinstance(expression, Source) else Source(expression)
    context = started(dtype=dtypes.float64, limits=Limits(max_steps))
    with context, np.errstate(all="ignore"):
        question = Question(source, inputs or {}, wrt, seed, wanted or Wanted(), max_steps)
        maker = _Maker(question, sharing, expand, steps, whole)
        while True:
            try:
                found = maker.agreeing()
            except Unspelled as missing:
                if question.set_apart(missing.node):
                    maker.outputs = question.outputs()
                    continue
                found = f"{missing.name} has no formula"
            except Closed:
                found = f"the {question.wanted.kind} has no closed form"
            return maker.call(found) if isinstance(found, str) else found


class _Attempt(Record):
    """What was made with some rules."""

    formulas: tuple[Formula, ...]
    script: Script
    rules: Rules
    assumed: tuple[str, ...]
    steps: tuple[tuple[str, str, str], ...]
    definitions: dict[str, Expression | None]
    value: Expression | None
    needs: tuple[str, ...]


class _Maker:
    """Makes formulas for a question, and compares them."""

    def __init__(
        self, question: Question, sharing: str, expand: bool, steps: bool, whole: bool
    ) -> None:
        self.question = question
        self.sharing = sharing
        self.expand = expand
        self.steps = steps
        self.whole = whole
        self.outputs = question.outputs()
        self.names = [output.name for output in self.outputs]
        taken = set(self.names).intersection(question.taken()) if len(self.names) > 1 else ()
        for name in taken:
            raise InputError(f"'{name}' is what a derivative is called: use another name for it")
        self.points = Points(question, self.names)

    def agreeing(self) -> Derivation | str:
        """The first formulas that agree, with as many rules as do; or what is wrong with the last.

        Raises:
            Unspelled: an operation has no formula.
            Closed: a Jacobian or Hessian has none.
        """
        attempt = self._attempt(())
        outcome = self.points.compare(attempt.script.text(), attempt.needs)
        if outcome.agrees:
            return self._derivation(attempt, outcome)
        problem = outcome.problem
        applied = [*attempt.rules.applied, *([VANISHING] if attempt.assumed else [])]
        applied += [PRODUCTS] if self.question.factors() else []
        guarded = tuple(rule.name for rule in RULES if rule.guarded)
        plans: list[tuple[str, ...]] = [guarded] if set(guarded) & set(applied) else []
        plans += [(PRODUCTS, *guarded)] if PRODUCTS in applied else []
        plans += [(name,) for name in applied]
        plans.append((*EVERYTHING, VANISHING, PRODUCTS, TIDYING))
        for without in plans:
            attempt = self._attempt(without)
            outcome = self.points.compare(attempt.script.text(), attempt.needs)
            if outcome.agrees:
                gone = tuple(name for name in without if name in applied)
                return self._derivation(attempt, outcome, gone, problem)
        return f"the formula {outcome.problem}"

    def _attempt(self, without: Sequence[str]) -> _Attempt:
        question = self.question
        rules = Rules(without)
        algebra = Algebra(rules, list(question.sizes.primes.values()))
        outputs = self.outputs if PRODUCTS not in without else question.outputs(shorter=False)
        names = self._names(algebra)
        terms = read(algebra, [output.node for output in outputs], names)
        if PRODUCTS not in without:
            for factor in read(algebra, question.factors(), names):
                rules.require(factor, "!=", PRODUCTS)
        tidies = TIDYING not in without
        if tidies:
            terms = tidied(algebra, terms)
        writer = Writer(algebra, question.sizes, self._like(), self.expand)
        assumed: list[str] = []
        if VANISHING not in without:
            terms, assumed = without_vanishing(question, algebra, writer, terms, self.points)
        terms = [
            self._opened(algebra, output, term) for output, term in zip(outputs, terms, strict=True)
        ]
        if tidies:
            terms = tidied(algebra, terms)
        if self.expand:
            terms = [spread(algebra, term) for term in terms]
        expressions = {
            output.name: self._written(writer, output, term)
            for output, term in zip(outputs, terms, strict=True)
        }
        taken = question.taken()
        dialect = Torch(taken)
        made = script(
            expressions, dialect, question.own_lines(), question.shapes(), taken, self.sharing
        )
        texts = dict(made.formulas)
        formulas = [
            Formula(
                output.name,
                output.wrt,
                texts[output.name],
                expressions[output.name],
                self._conditions(rules, writer, term),
            )
            for output, term in zip(outputs, terms, strict=True)
        ]
        steps = self._steps(rules.steps, writer) if self.steps else ()
        definitions: dict[str, Expression | None] = {}
        value = None
        if self.whole:
            definitions = {
                assigned.name: self._defined(algebra, writer, assigned.node, names)
                for assigned in question.recorded.assigned
            }
            value = self._defined(algebra, writer, question.value, names)
        needs = tuple(
            self._script(writer, term).text() for term, sign in rules.conditions if sign == "!="
        )
        return _Attempt(
            tuple(formulas), made, rules, tuple(assumed), steps, definitions, value, needs
        )

    def _defined(
        self, algebra: Algebra, writer: Writer, node: Node, names: Mapping[int, Term]
    ) -> Expression | None:
        """What a name stands for, in other names."""
        others = {key: term for key, term in names.items() if key != id(node)}
        try:
            (term,) = read(algebra, [node], others)
        except Unspelled:
            return None
        return writer.write(term)

    def _names(self, algebra: Algebra) -> dict[int, Term]:
        """Leaves for the inputs and what the user named."""
        question = self.question
        nodes = {assigned.name: assigned.node for assigned in question.recorded.assigned}
        nodes |= {name: node for name, node in question.inputs.items() if isinstance(node, Node)}
        nodes |= question.named
        if question.recorded.assigned and question.recorded.assigned[-1].node is question.value:
            del nodes[question.recorded.assigned[-1].name]  # the result itself
        leaves = {name: algebra.leaf(name, n.shape, _kind(n)) for name, n in nodes.items()}
        found = {id(node): leaves[name] for name, node in nodes.items()}
        for key, part in question.texts.items():
            (found[key],) = read(algebra, [part], found)
        return found | {
            id(node.value): leaves[name]
            for name, node in nodes.items()
            if node.op is INPUT and node.value is not None
        }

    def _like(self) -> dict[tuple[int, ...], str]:
        """Names of floating inputs, by shape."""
        return {
            node.shape: name
            for name, node in reversed(self.question.inputs.items())
            if isinstance(node, Node) and node.dtype.is_floating and node.shape
        }

    def _opened(self, algebra: Algebra, output: Output, term: Term) -> Term:
        node = output.opened
        if node is None:
            return term
        leaf = algebra.leaf(node.params["name"], node.shape)
        return opened(algebra, term, leaf)

    def _written(self, writer: Writer, output: Output, term: Term) -> Expression:
        single = len(output.wrt) == 1 and output.opened is None
        return writer.whole(term, output.wrt[0] if single else None)

    def _conditions(self, rules: Rules, writer: Writer, term: Term) -> tuple[str, ...]:
        """Where a formula holds: what the rules required of what it is made of."""
        present = leaves_of(term)
        said = []
        for needed, sign in rules.conditions:
            if needed.weight < LONGEST and leaves_of(needed) <= present:
                said.append(f"{self._text(writer, needed)} {sign} 0")
        return tuple(dict.fromkeys(said))

    def _text(self, writer: Writer, term: Term) -> str:
        return self._script(writer, term).formulas[0][1]

    def _script(self, writer: Writer, term: Term) -> Script:
        """A term as a text of its own."""
        question = self.question
        return script(
            {"": writer.write(term)},
            Torch(question.taken()),
            question.own_lines(),
            question.shapes(),
            question.taken(),
            "inline",
        )

    def _steps(self, steps: Sequence[Step], writer: Writer) -> tuple[tuple[str, str, str], ...]:
        found: dict[tuple[str, str, str], None] = {}
        for step in steps:
            if step.before.weight < LONGEST:
                texts = self._text(writer, step.before), self._text(writer, step.after)
                found[step.rule, *texts] = None
        return tuple(found)

    def _derivation(
        self,
        attempt: _Attempt,
        outcome: Outcome,
        left_out: tuple[str, ...] = (),
        reason: str = "",
        call: str = "",
    ) -> Derivation:
        question = self.question
        return Derivation(
            question.wanted.kind,
            question.wanted.order,
            attempt.formulas,
            attempt.script,
            question.own_lines(),
            attempt.definitions,
            attempt.value,
            {name: question.shape_of(name) for name in question.inputs},
            tuple(
                name
                for name, node in question.inputs.items()
                if isinstance(node, Node) and _kind(node) == "i"
            ),
            tuple(question.taken()[len(question.inputs) + len(question.recorded.assigned) :]),
            tuple(question.sizes.primes),
            self.sharing,
            outcome.points,
            outcome.difference,
            self.points.finite,
            outcome.sizes,
            attempt.assumed,
            None if call else question.recorded.told,
            question.seed_kind,
            left_out,
            reason,
            call,
            () if call else tuple(dict.fromkeys(question.parts)),
            tuple(attempt.rules.applied),
            attempt.steps,
        )

    def call(self, reason: str) -> Derivation:
        """The derivative as a call, where there is no formula.

        Raises:
            RuntimeFault: that doesn't agree either.
        """
        if not self.question.tree.is_expression:
            drawn = [n for n, value in self.question.given.items() if isinstance(value, Declared)]
            give = f"what runs may depend on values: give {drawn[0]} one" if drawn else ""
            raise RuntimeFault(
                f"the program has no formula: {reason}",
                hint=give or "autodiff gives its gradient as numbers",
            )
        made = called(self.question, self.names)
        outcome = self.points.compare(made.text())
        if not outcome.agrees:
            raise RuntimeFault(
                f"no formula agrees with the derivative: {reason}, and as a call it "
                f"{outcome.problem.removeprefix('for ')}",
                hint="random draws have no formula; without them, this is a defect of autodiff",
            )
        texts = dict(made.formulas)
        formulas = tuple(Formula(o.name, o.wrt, texts[o.name], None, ()) for o in self.outputs)
        attempt = _Attempt(formulas, made, Rules(), (), (), {}, None, ())
        return self._derivation(attempt, outcome, call=reason)


def _kind(node: Node) -> str:
    kind: str = node.dtype.numpy.kind
    return {"u": "i"}.get(kind, kind)
