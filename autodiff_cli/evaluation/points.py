"""Whether a formula agrees with reverse mode: both evaluated at several points, as any text is."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import redirect_stderr
from io import StringIO
from typing import Any

import numpy as np

from autodiff_cli.errors import AutodiffError, RuntimeFault
from autodiff_cli.evaluation import Result, Tensor, evaluate
from autodiff_cli.evaluation.called import nth_text
from autodiff_cli.evaluation.question import OPENED, Declared, Question
from autodiff_cli.ir.node import Array, Node
from autodiff_cli.record import Record
from autodiff_cli.source import Source

WANTED, FEW = 4, 2  # points; of a long text
LONG = 4_000  # characters of a text from where on reading it is what takes the time
TOLERANCE = 1e-9  # of the largest element of a derivative
LAST = 1e-14  # by how much inputs are moved in their last digits
ROUNDING = 100  # times what that does to a derivative, which a formula may differ by
MEANINGLESS = 1e-8  # change of what has no digits left
SIZES = ((3, 2, 4, 5), (4, 5, 2, 3), (2, 3, 5, 4), (5, 4, 3, 2))
SPREADS = (0.0, 0.1, 0.02, 0.2, 0.05)  # by how much of itself a given value is moved
NEAR = (0.0, 1e-6, 1e-7, 1e-5, 1e-8)  # that of a program, whose branches are to stay what they are
DRAWS = 16  # tried for inputs without values
READ_BACK = "the formula"


class Draws:
    """Numbers without order, the same each time; numpy's generators take 10 ms to import.

    Args:
        seed: of the numbers.
    """

    def __init__(self, seed: int) -> None:
        self.count = seed

    def uniform(self, low: float, high: float, shape: tuple[int, ...]) -> Array:
        size = math.prod(shape)
        places = np.arange(self.count, self.count + size, dtype=np.float64)
        self.count += size + 1
        parts = np.sin(places * 12.9898 + 4.1) * 43758.5453
        return np.asarray(low + (high - low) * (parts - np.floor(parts))).reshape(shape)


class Point(Record):
    """Inputs, and the derivatives there.

    Attributes:
        inputs: by name, and cotangents and vectors that have one.
        wanted: the derivatives, by their names in a text.
        sizes: of the names in shapes.
        exact: whether these are the given values.
    """

    inputs: dict[str, Any]
    wanted: dict[str, Array]
    sizes: dict[str, int]
    exact: bool


class Outcome(Record):
    """What a comparison found.

    Attributes:
        agrees: whether the formula is the derivative.
        points: at how many points.
        difference: the largest relative one.
        sizes: what sizes were.
        problem: what is wrong, in words that follow "the formula".
    """

    agrees: bool
    points: int
    difference: float
    sizes: tuple[dict[str, int], ...]
    problem: str


class Points:
    """Points at which the derivatives of a question are known.

    Args:
        question: what was asked.
        names: of the derivatives.

    Raises:
        AutodiffError: there is none.
    """

    def __init__(self, question: Question, names: list[str]) -> None:
        self.question = question
        self.names = names
        self.failure: AutodiffError | None = None
        self.noises: dict[Point, dict[str, Array]] = {}
        self.shaped = any(isinstance(value, Declared) for value in question.given.values())
        self.finite = True  # whether the derivative is, at the given values
        self.points = list(self._found())
        if not self.points:
            raise self.failure or RuntimeFault(
                "no point was found at which the derivative is finite, to compare a formula with",
                hint="give values instead of shapes",
            )

    def _found(self) -> Iterator[Point]:
        found = 0
        enough = FEW if len(self.question.source.text) > LONG else WANTED
        met = False  # a point where the derivative is finite
        for at, (inputs, sizes, exact) in enumerate(self._candidates()):
            if met and at >= len(SPREADS) and not self.shaped:
                return  # far from the given values only where nothing near is finite
            try:
                self._add_named(inputs)
                wanted, is_finite = self._derivatives(inputs)
            except AutodiffError as error:
                self.failure = self.failure or error
                continue
            finite = is_finite and all(np.isfinite(array).all() for array in wanted.values())
            met |= finite
            self.finite &= finite or not exact
            if exact or finite:
                for name in self.question.counted:  # a formula has to say them itself
                    del inputs[name]
                yield Point(inputs, wanted, sizes, exact)
                found += 1
            if found == enough:
                return

    def _candidates(self) -> Iterator[tuple[dict[str, Any], dict[str, int], bool]]:
        question = self.question
        random = Draws(20)
        near = SPREADS if question.tree.is_expression else NEAR
        for at in range(DRAWS if self.shaped or near is SPREADS else len(NEAR)):
            known = zip(question.sizes.primes, _cycled(SIZES[at % len(SIZES)]), strict=False)
            sizes = dict(known)
            inputs: dict[str, Any] = {name: sizes[name] for name in question.counted}
            for name, value in question.given.items():
                if isinstance(value, Declared):
                    shape = tuple(sizes.get(n, n) for n in value.shape)  # type: ignore[arg-type]
                    inputs[name] = (
                        np.asarray(np.floor(random.uniform(0, 2, shape)), np.int64)
                        if value.integer
                        else _drawn(random, shape, at)
                    )
                    continue
                node = question.inputs[name]
                array = node.value if isinstance(node, Node) else value
                if isinstance(array, np.ndarray) and array.dtype.kind == "f":
                    far = at >= len(SPREADS) and not self.shaped
                    array = (
                        _drawn(random, array.shape, at)
                        if far
                        else _moved(random, array, near[at % len(near)])
                    )
                inputs[name] = array
            yield inputs, sizes, at == 0 and not self.shaped

    def _add_named(self, inputs: dict[str, Any]) -> None:
        """Give values to the cotangents and vectors that only have a name."""
        random = Draws(3)
        for name, node in self.question.named.items():
            if not name.startswith(OPENED):
                inputs[name] = random.uniform(0.5, 1.5, self._shape(node, inputs))

    def _shape(self, node: Node, inputs: Mapping[str, Any]) -> tuple[int, ...]:
        """The shape of a cotangent or vector: the result's, or an input's."""
        if not self.question.sizes.primes:
            return node.shape
        for wrt, vector in self.question.vectors.items():
            if vector is node:
                return np.shape(inputs[wrt])
        return self._value(inputs).shape

    def _value(self, inputs: Mapping[str, Any]) -> Array:
        source, own = self._own(inputs)
        value = _evaluate(source, own, grad=False, max_steps=self.question.max_steps).value
        if not isinstance(value, Tensor):
            raise RuntimeFault("the result is not one tensor")
        return value.array

    def _own(self, inputs: Mapping[str, Any]) -> tuple[Source, dict[str, Any]]:
        """The text itself, which takes sizes for numbers, and its inputs."""
        source = self.question.source
        counts = "".join(f"{name} = {inputs[name]}\n" for name in self.question.counted)
        whole = Source(counts + source.text, source.name) if counts else source
        read = [name for name in self.question.inputs if name not in self.question.sizing]
        return whole, {name: inputs[name] for name in read}

    def _derivatives(self, inputs: Mapping[str, Any]) -> tuple[dict[str, Array], bool]:
        """What the product itself computes, and whether the value is finite."""
        question, kind = self.question, self.question.wanted.kind
        source, own = self._own(inputs)
        if kind == "order":
            found = {
                f"d{question.wanted.order}_{name}": self._nth(own, name) for name in question.leaves
            }
            return found, bool(np.isfinite(self._value(inputs)).all())
        asked: dict[str, Any] = {"wrt": list(question.leaves), "max_steps": question.max_steps}
        if kind == "gradient":
            asked["seeds"] = self._seeds(inputs)
        elif kind == "hvp":
            asked["hvp"] = {
                name: inputs.get(v.params["name"], v.value) for name, v in question.vectors.items()
            }
        else:
            asked[kind] = True
        result = _evaluate(source, own, **asked)
        if kind == "gradient":
            found = {
                f"d_{name}": np.zeros(np.shape(inputs[name])) if tensor is None else tensor.array
                for name, tensor in result.gradients[0].by_input.items()
            }
        elif kind == "jacobian":
            found = {f"J_{name}": t.array for name, t in (result.jacobian or {}).items()}
        elif kind == "hvp":
            found = {f"Hv_{name}": tensor.array for name, tensor in (result.hvp or {}).items()}
        else:
            found = {
                f"H_{name}_{other}": tensor.array
                for name, row in (result.hessian or {}).items()
                for other, tensor in row.items()
            }
        return found, bool(np.isfinite(result.value.array).all())

    def _seeds(self, inputs: Mapping[str, Any]) -> list[Array]:
        question = self.question
        if question.seed_kind == "ones":
            sized = bool(question.sizes.primes)
            shape = self._value(inputs).shape if sized else question.value.shape
            return [np.ones(shape)]
        if question.seed_kind in question.named:
            return [inputs[question.seed_kind]]
        return [np.asarray(question.seed.value)] if question.seed_kind else []

    def _nth(self, inputs: Mapping[str, Any], name: str) -> Array:
        value = _evaluate(Source(nth_text(self.question, name)), inputs, grad=False).value
        return np.asarray(value.array)

    # ---- comparing ------------------------------------------------------------------------------

    def compare(self, text: str, needs: Sequence[str] = ()) -> Outcome:
        """Evaluate a formula's text at all points.

        Points without given values don't count where what the formula needs is nothing but rounding, or the
        derivative is: (A@A.T).det() of a matrix with more rows than columns.

        Args:
            text: the formula's.
            needs: texts of what must not be 0.
        """
        largest, problem, used = 0.0, "", []
        for point in self.points:
            found = self._differs(text, point)
            if isinstance(found, str):
                if point.exact or not (self._is_noise(point) or self._lacks(point, needs)):
                    return _failed(found)
                problem = problem or found
                continue
            largest = max(largest, found)
            used.append(point)
        if not used:
            return _failed(problem)
        sizes = {tuple(sorted(p.sizes.items())): p.sizes for p in used if p.sizes}
        return Outcome(True, len(used), largest, tuple(sizes.values()), "")

    def _differs(self, text: str, point: Point) -> float | str:
        """The largest difference, relative to the largest element; or what is wrong."""
        try:
            value = self._evaluated(text, point)
        except AutodiffError as error:
            return f"can't be read back: {error.message}"
        largest = 0.0
        for given, name in zip(
            value if type(value) is tuple else (value,), self.names, strict=True
        ):
            wanted = point.wanted[name]
            misfit = _misfit(given, wanted)
            if misfit:
                return f"for {name} {misfit}"
            finite = np.isfinite(wanted)
            if not finite.any():
                continue
            sizes = np.abs(wanted[finite])
            gaps = np.abs(given.array[finite] - wanted[finite])
            if (gaps > TOLERANCE * sizes).any():
                near = ROUNDING * self._rounding(point, name)[finite]
                if (gaps > np.maximum(TOLERANCE * sizes, near)).any():
                    return f"for {name} differed by {float(np.max(gaps)):.1g}"
            elif gaps.any():
                largest = max(largest, float(gaps.max() / sizes.max()))
        return largest

    def _noise(self, point: Point) -> dict[str, Array]:
        """How far the derivatives' own digits go: by how much they change when inputs do in the last ones."""
        if point not in self.noises:
            noise = {name: np.zeros(wanted.shape) for name, wanted in point.wanted.items()}
            for seed in (5, 6, 7):
                try:
                    moved, _ = self._derivatives(self._shaken(point, seed))
                except AutodiffError:
                    continue
                for name, wanted in point.wanted.items():
                    noise[name] = np.fmax(noise[name], np.abs(moved[name] - wanted))
            self.noises[point] = noise
        return self.noises[point]

    def _rounding(self, point: Point, name: str) -> Array:
        """What of a derivative is rounding; large changes at given values are no rounding, but a kink."""
        noise = self._noise(point)[name]
        is_kink = point.exact and not self._digits(point, name)
        if is_kink and any(self._digits(other, name) for other in self.points):
            return np.zeros(noise.shape)
        return noise

    def _digits(self, point: Point, name: str) -> bool:
        """Whether a derivative has digits at a point, and isn't nothing but rounding."""
        size = np.max(np.abs(point.wanted[name]), initial=0.0)
        return bool(np.all(self._noise(point)[name] <= MEANINGLESS * size))

    def _shaken(self, point: Point, seed: int) -> dict[str, Any]:
        random = Draws(seed)
        return {
            name: value * (1 + LAST * random.uniform(-1, 1, value.shape))
            if isinstance(value, np.ndarray) and value.dtype.kind == "f"
            else value
            for name, value in point.inputs.items()
        } | {name: point.sizes[name] for name in self.question.counted}

    def _is_noise(self, point: Point) -> bool:
        """Whether a derivative's digits are nothing but rounding, and large."""
        return any(
            np.any(noise > TOLERANCE) and not self._digits(point, name)
            for name, noise in self._noise(point).items()
        )

    def _lacks(self, point: Point, needs: Sequence[str]) -> bool:
        """Whether something that must not be 0 is, as far as its digits go."""
        for text in needs:
            try:
                found, moved = (
                    np.asarray(self._evaluated(text, point, inputs).array)
                    for inputs in (point.inputs, self._shaken(point, 5))
                )
            except AutodiffError:
                continue
            if np.any(np.abs(moved - found) >= MEANINGLESS * np.abs(found)):
                return True
        return False

    def _evaluated(self, text: str, point: Point, inputs: Mapping[str, Any] | None = None) -> Any:
        given = point.inputs if inputs is None else inputs
        return _evaluate(Source(text, READ_BACK), given, grad=False).value

    def values(self, text: str) -> list[list[Array]] | None:
        """What a text of several formulas gives at each point; None if it can't be evaluated."""
        try:
            found = [self._evaluated(text, point) for point in self.points]
        except AutodiffError:
            return None
        rows = [value if type(value) is tuple else (value,) for value in found]
        return [[np.asarray(getattr(entry, "array", entry)) for entry in row] for row in rows]


def _evaluate(source: Source, inputs: Mapping[str, Any], **asked: Any) -> Result:
    """What any text gives in float64; what it prints and warns of has been seen by who wrote it."""
    with redirect_stderr(StringIO()):
        return evaluate(source, inputs, dtype="float64", write=_nothing, **asked)


def _nothing(text: str) -> None:
    """What takes the output of programs."""


def _failed(problem: str) -> Outcome:
    return Outcome(False, 0, np.inf, (), problem)


def _cycled(sizes: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(size + 4 * turn for turn in range(3) for size in sizes)


def _moved(random: Draws, array: Array, spread: float) -> Array:
    """Values near the given ones; the last time zeros, too, are moved."""
    array = array * (1 + spread * random.uniform(-1, 1, array.shape))
    if spread == SPREADS[-1]:
        array = array + 0.01 * random.uniform(-1, 1, array.shape)
    return array


def _drawn(random: Draws, shape: tuple[int, ...], at: int) -> Array:
    """Values of a kind: many functions are defined only between 0 and 1, or above 1."""
    kind = (at // len(SIZES) + at) % len(SIZES)
    low, high = ((0.2, 0.9), (-1.5, 1.5), (1.1, 2.0), (0.3, 1.7))[kind]
    return random.uniform(low, high, shape)


def _misfit(given: Any, wanted: Array) -> str:
    """What is wrong with an array before its elements are looked at; what isn't finite has to be the same."""
    if not isinstance(given, Tensor) or given.array.shape != wanted.shape:
        return "has another shape"
    if given.array.dtype.kind != "f":
        return "isn't floating"
    finite = np.isfinite(wanted)
    if not np.array_equal(given.array[~finite], wanted[~finite], equal_nan=True):
        return "differed where the derivative isn't finite"
    if not np.isfinite(given.array[finite]).all():
        return "isn't finite where the derivative is"
    return ""
