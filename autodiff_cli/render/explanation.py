"""Explanations as documents."""

from __future__ import annotations

from collections.abc import Sequence

from autodiff_cli.explanation import compact
from autodiff_cli.explanation.graph import COTANGENT
from autodiff_cli.explanation.records import (
    Chain,
    Explanation,
    Factor,
    Formula,
    Gradient,
    Jacobian,
    Link,
    Path,
)
from autodiff_cli.ir.node import Array
from autodiff_cli.render.brief import shortened
from autodiff_cli.render.derivation import ran
from autodiff_cli.render.document import (
    Block,
    Cell,
    Code,
    Derivation,
    Equation,
    Ratio,
    Table,
    Words,
    indexed,
    plain,
)

SIMPLE = ("number", "each")
LONGEST = 60  # characters of a source


def document(explanation: Explanation, digits: int = 4) -> list[Block]:
    """The blocks of an explanation.

    Args:
        explanation: what is said.
        digits: of numbers.
    """
    writer = _Writer(explanation, digits)
    said = writer.said()
    blocks: list[Block] = [Words(tuple(said))] if said else []
    blocks.append(writer.forward())
    if explanation.counts:
        blocks.append(writer.counts())
    if explanation.links:
        blocks.append(writer.backward())
    blocks += [writer.chain(chain) for chain in explanation.chains]
    blocks += [writer.jacobian(matrix) for matrix in explanation.jacobians]
    blocks.append(Derivation("", tuple(writer.gradient(g) for g in explanation.gradients)))
    return blocks


class _Writer:
    """Writes an explanation."""

    def __init__(self, explanation: Explanation, digits: int) -> None:
        self.explanation = explanation
        self.digits = digits

    def array(self, values: Array) -> Code:
        return Code(compact.array(values, self.digits))

    def number(self, value: float) -> Code:
        return Code(compact.number(value, self.digits))

    # ---- tables ---------------------------------------------------------------------------------

    def said(self) -> list[str]:
        made = self.explanation
        lines = [] if made.branches is None else [ran(made.branches)]
        if made.seed is not None and made.is_given:
            lines.append(f"{COTANGENT} = {self.array(made.seed)}, the cotangent of {made.result}")
        elif made.seed is not None:
            lines.append(
                f"{made.result} has {made.seed.size} elements: the gradient is that of their sum "
                "(--seed gives another cotangent)"
            )
        return lines

    def forward(self) -> Table:
        rows: list[tuple[Cell, ...]] = []
        for part in self.explanation.parts:
            text = shortened(f"= {' '.join(part.text.split())}", LONGEST) if part.text else ""
            rows.append((Code(part.name), Code(text), part.grad_fn or "", self.array(part.value)))
        return Table("forward", ("",) * 4, tuple(rows))

    def counts(self) -> Table:
        made = self.explanation
        rows = tuple((name, Code(str(count))) for name, count in made.counts)
        return Table(
            f"{made.operations:,} operations, which are too many to show each", ("", ""), rows
        )

    def backward(self) -> Table:
        links = self.explanation.links
        mapped = any(link.kind not in SIMPLE for link in links)
        rows = []
        for link in links:
            row: list[Cell] = [Ratio(link.of, link.by), self._local(link)]
            row.append("" if link.here is None else Code(compact.uniform(link.here, self.digits)))
            if mapped:
                row.append(link.flow or self._rule(link))
            rows.append((*row, Code(f"{link.by}: {self.array(link.arrives)}")))
        header = ["", "local derivative", "here", *(["g of the left becomes"] if mapped else [])]
        return Table("backward", (*header, "arrives"), tuple(rows))

    def _local(self, link: Link) -> Cell:
        if link.kind in SIMPLE:
            return link.formula or self._rule(link)
        return "linear" if link.kind == "linear" else "a matrix"

    def _rule(self, link: Link) -> str:
        names = {part.name: part.grad_fn for part in self.explanation.parts}
        return f"by {names.get(link.of) or 'its rule'}"

    # ---- equations ------------------------------------------------------------------------------

    def chain(self, chain: Chain) -> Derivation:
        several = len(self.explanation.gradients) > 1
        title = "chain rule"
        if several:
            title += f" of {chain.name}"
        if chain.at:
            title += f", element [{', '.join(map(str, chain.at))}]"
        if chain.too_large:
            total = Equation(
                f"{chain.name}.grad{indexed(chain.at)}", ((_one(self.number(chain.total))),)
            )
            return Derivation(f"{title}: not written out, since {chain.too_large}", (total,))
        paths = chain.paths
        if len(paths) == 1 and chain.more == 0:
            equation = self._path(chain, paths[0], self._left(chain))
            return Derivation(title, (equation,))
        title += f", {self._count(chain)} paths" if paths else ": no path of the graph moves it"
        equations = [self._path(chain, path, None) for path in paths]
        terms = [compact.number(path.value, self.digits) for path in paths]
        if chain.more != 0:
            others = "others" if chain.more is None else f"{chain.more} others"
            terms.append(f"{compact.number(chain.rest, self.digits)} ({others})")
        sides = [_one(Code(" + ".join(terms).replace("+ -", "- ")))] if terms else []
        sides.append(_one(self.number(chain.total)))
        equations.append(Equation(self._left(chain), tuple(sides)))
        return Derivation(title, tuple(equations), len(paths) > 2)

    @staticmethod
    def _count(chain: Chain) -> str:
        if chain.more is None:
            return f"the first {len(chain.paths)} of many"
        return str(len(chain.paths) + chain.more)

    def _left(self, chain: Chain) -> Cell:
        made = self.explanation
        if made.seed is not None:
            return Code(f"{chain.name}.grad{indexed(chain.at) if chain.indexed else ''}")
        return Ratio(made.result, chain.name, (), chain.at if chain.indexed else ())

    def _path(self, chain: Chain, path: Path, left: Cell | None) -> Equation:
        """A product of factors: their names, their formulas, with numbers, and what it comes to."""
        names: list[Cell] = [self._ratio(factor, chain.indexed) for factor in path.factors]
        formulas: list[Cell] = [self._factor(f, f.formula) for f in path.factors]
        numbers: list[Cell] = [self._factor(f, f.inserted) for f in path.factors]
        if path.seed is not None:
            weight = self.number(path.seed)
            start = path.factors[0].at if path.factors else chain.at
            names.insert(0, Code(f"{COTANGENT}{indexed(start) if chain.indexed else ''}"))
            formulas.insert(0, names[0])
            numbers.insert(0, weight)
        joint = " * "
        sides = [(tuple(names), joint)] if left is not None else []
        sides += [(tuple(formulas), joint), (tuple(numbers), joint), _one(self.number(path.value))]
        if left is None:
            held = " directly" if len(path.factors) == 1 else ""
            left = Code(joint.join(map(str, names)) + held)
        if not path.factors and path.seed is None:  # the result is the input
            return Equation(left, (_one(self.number(path.value)),))
        sides = [side for at, side in enumerate(sides) if side not in sides[:at]]
        if len(names) == 1 and plain(names[0]) == plain(left):
            del sides[0]
        return Equation(left, tuple(sides))

    @staticmethod
    def _ratio(factor: Factor, is_indexed: bool) -> Ratio:
        at, by_at = (factor.at, factor.by_at) if is_indexed else ((), ())
        return Ratio(factor.of, factor.by, at, by_at)

    def _factor(self, factor: Factor, formula: Formula | None) -> Cell:
        return self.number(factor.value) if formula is None else formula

    def gradient(self, gradient: Gradient) -> Equation:
        left = Code(f"{gradient.name}.grad")
        if gradient.value is None:
            return Equation(left, (_one("None: no gradient flows to it"),))
        shown = self.array(gradient.value)
        if gradient.formula is None:
            return Equation(left, (_one(shown),))
        return Equation(left, (_one(gradient.formula), _one(shown)))

    def jacobian(self, matrix: Jacobian) -> Derivation:
        made = self.explanation
        name = Ratio(made.result, matrix.name)
        sides = [_one(name)]
        if matrix.elements is not None:
            value = matrix.value
            rows = [[formula.text for formula in row] for row in matrix.elements]
            leading = sum(map(len, (p.shape for p in made.parts if p.name == made.result)))
            sides.append(_one(Code(_nested(rows, leading, value.ndim - leading))))
        sides.append(_one(self.array(matrix.value)))
        equations = [Equation(Code("J"), tuple(sides))]
        if matrix.product is not None and made.seed is not None:
            product = f"{self.array(made.seed)}@J"
            sides = [
                _one(Code(f"{COTANGENT}@J")),
                _one(Code(product)),
                _one(self.array(matrix.product)),
            ]
            equations.append(Equation(Code(f"{matrix.name}.grad"), tuple(sides)))
        return Derivation("Jacobian", tuple(equations))


def _one(cell: Cell) -> tuple[tuple[Cell, ...], str]:
    """A right side of one operand."""
    return (cell,), ""


def _nested(rows: Sequence[Sequence[str]], leading: int, trailing: int) -> str:
    """Texts of elements as nested lists, of so many axes of the result and of the input."""
    texts = [f"[{', '.join(row)}]" if trailing else row[0] for row in rows]
    return f"[{', '.join(texts)}]" if leading else texts[0]
