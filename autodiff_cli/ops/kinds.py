"""The kinds of operations: what each has in common, so that a declaration writes only the rest."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, Literal, TypeAlias

import numpy as np

from autodiff_cli.ir import dtypes, layout
from autodiff_cli.ir.context import current, of_number
from autodiff_cli.ir.dtypes import DType
from autodiff_cli.ir.node import NUMBER, NUMBERS, Node, Number, Op, Params, Rule, Shape
from autodiff_cli.ir.shapes import broadcast
from autodiff_cli.threads.pool import each, threads

Result: TypeAlias = Literal["same", "float", "bool"]


def like(array: Any, value: Number) -> Any:
    """A Python number in the dtype of `array`, as the reference casts its scalars."""
    dtype = array.dtype
    if type(value) is float and dtype.kind == "f":
        return dtype.type(value)
    return np.asarray(value).astype(dtype)


LARGE = 1 << 16  # elements from where on speed counts for more than the last digit


def in_place(kernel: Callable[..., Any], plain: np.ufunc | None = None) -> Callable[..., Any]:
    """Mark a kernel that can be told where its result goes, by `out=`, as numpy's ufuncs can.

    Args:
        kernel: the kernel.
        plain: what it comes to for floating point numbers, where `alpha` is 1 if it has one.
    """
    kernel.takes_out = True  # type: ignore[attr-defined]
    kernel.plain = plain  # type: ignore[attr-defined]
    return kernel


def takes_out(kernel: Callable[..., Any]) -> bool:
    return isinstance(kernel, np.ufunc) or getattr(kernel, "takes_out", False)


def precise(ufunc: Any, fast: Callable[..., Any] | None = None) -> Callable[..., Any]:
    """A transcendental function that is rounded right in float32: computed in float64.

    numpy's own float32 loops are up to 4 ulp off, and agree with the reference's digits for 55 to 90 % of
    arguments; rounded from float64, 95 to 99.9 % agree. But they are up to ten times as fast, and so are used
    for arrays of `LARGE` elements and more, and where the context isn't `exact`.

    Args:
        ufunc: numpy's function.
        fast: what is used instead of it there, no further off.
    """
    loop = fast or ufunc

    @in_place
    def kernel(*arrays: Any, out: Any = None) -> Any:
        x = arrays[0]
        if type(x) is np.float32 and len(arrays) == 1 and out is None and current().exact:
            return np.float32(ufunc(float(x)))
        if x.dtype == np.float32 and x.size < LARGE and current().exact:
            result = ufunc(*arrays, dtype=np.float64)
            if out is None:
                return result.astype(np.float32)
            out[...] = result
            return out
        if out is None and len(arrays) == 1 and x.size >= 2 * LARGE:
            return in_pieces(loop, x)
        return loop(*arrays, out=out)

    return kernel


def in_pieces(function: Callable[..., Any], x: Any) -> Any:
    """A function of many elements, the same pieces of them whatever the number of threads."""
    if not x.flags.c_contiguous:
        return function(x)
    result = np.empty_like(x)
    flat, into = x.reshape(-1), result.reshape(-1)

    def piece(number: int) -> None:
        at = slice(number * LARGE, (number + 1) * LARGE)
        function(flat[at], out=into[at])

    each(-(-x.size // LARGE), lambda: piece, threads())
    return result


class Elementwise(Op):
    """An operation on each element of its broadcast operands.

    Args:
        partials: the partial derivatives as a calculus book states them, `rule(y, *operands, **params)`;
            the kind multiplies by the incoming gradient.
        vjps: instead of partials, where `partial * g` is wrong at an edge or another form is the
            reference's: `rule(g, y, *operands, **params)`.
        result: "same": the promoted dtype; "float": integers become the default floating dtype;
            "bool": a comparison.
        scalars: names of parameters that are Python numbers and take part in type promotion.
        conditions: how many leading operands are masks, outside type promotion.
    """

    __slots__ = ("conditions", "result", "scalars")
    follows_layout: ClassVar[bool] = True

    def __init__(
        self,
        name: str,
        kernel: Callable[..., Any],
        *,
        partials: tuple[Rule, ...] = (),
        vjps: tuple[Rule | None, ...] = (),
        result: Result = "same",
        scalars: tuple[str, ...] = (),
        conditions: int = 0,
        on_arrays: bool = True,
        **record: Any,
    ) -> None:
        rules = vjps or tuple(_times_incoming(partial) for partial in partials)
        super().__init__(
            name, kernel, vjps=rules, batch="pointwise.elementwise", on_arrays=on_arrays, **record
        )
        self.result = result
        self.scalars = scalars
        self.conditions = conditions

    def compute_dtype(self, operands: tuple[Node, ...], params: Params) -> DType:
        """The dtype the kernel works in: the operands' common one."""
        counted = operands[self.conditions :] if self.conditions else operands
        common = counted[0].dtype
        mixed = self.scalars != ()
        for node in counted:
            if node.dtype is not common:
                mixed = True
        if mixed:
            given = [params[name] for name in self.scalars if params[name] is not None]
            common = dtypes.result_type(
                (*map(_strength, counted), *[(of_number(n), dtypes.NUMBER) for n in given])
            )
        if self.result == "float" and not common.is_floating:
            return current().dtype
        return common

    def infer(self, operands: tuple[Node, ...], params: Params) -> tuple[Shape, DType]:
        shape = operands[0].shape
        for operand in operands[1:]:
            if operand.shape != shape:
                shape = broadcast(shape, operand.shape)
        if self.result == "bool":
            return shape, dtypes.bool_
        return shape, self.compute_dtype(operands, params)

    def evaluate(self, node: Node, arrays: list[Any]) -> Any:
        compares = self.result == "bool"  # of the others, the result has the dtype they work in
        work = self.compute_dtype(node.operands, node.params) if compares else node.dtype
        if work is dtypes.float16:  # as the reference: kernels compute in float32, and round once
            work = dtypes.float32
        dtype = work.numpy
        for position in range(self.conditions, len(arrays)):
            array = arrays[position]
            kind = type(array)
            if kind is dtype.type or (kind is np.ndarray and array.dtype is dtype):
                continue
            if kind in NUMBERS or array.dtype != dtype:
                arrays[position] = np.asarray(array).astype(dtype)
        return self.kernel(*arrays, **node.params)

    def layout(self, node: Node) -> Shape | None:
        return layout.elementwise_strides(
            node.shape,
            [
                (operand.shape, layout.strides_of(operand))
                for operand in node.operands
                if operand.shape
            ],
        )


def unary(
    name: str,
    kernel: Callable[..., Any],
    slope: Rule | None = None,
    *,
    vjp: Rule | None = None,
    result: Result = "float",
    **record: Any,
) -> Elementwise:
    """A function of one operand, whose result is floating unless it says otherwise.

    Args:
        slope: the derivative as a calculus book states it, `rule(y, x)`.
        vjp: instead of it, as of `Elementwise`.
    """
    partials = () if slope is None else (slope,)
    vjps = () if vjp is None else (vjp,)
    return Elementwise(name, kernel, partials=partials, vjps=vjps, result=result, **record)


def _strength(node: Node) -> tuple[DType, int]:
    """A node's dtype, and how strongly it counts in promotion."""
    if node.op is NUMBER:
        return node.dtype, dtypes.NUMBER
    return node.dtype, dtypes.DIMENSIONED if node.shape else dtypes.ZERO_DIM


def _times_incoming(partial: Rule) -> Rule:
    def vjp(g: Node, y: Node, *operands: Node, **params: Any) -> Node:
        slope = partial(y, *operands, **params)
        assert slope is not None
        return g * slope

    vjp.partial = partial  # type: ignore[attr-defined]
    return vjp


class Composed(Elementwise):
    """An elementwise operation that is more than its closed form: right where that loses digits.

    Args:
        made_of: the closed form, for formulas.
    """

    __slots__ = ("made_of",)

    def __init__(
        self, name: str, kernel: Callable[..., Any], *, made_of: Callable[..., Node], **record: Any
    ) -> None:
        super().__init__(name, kernel, **record)
        self.made_of = made_of

    def composed(self, node: Node) -> Node:
        return self.made_of(*node.operands, **node.params)


class Shaped(Op):
    """An operation whose shape rule is a function of its own.

    Args:
        shape: `shape(*operands, **params) -> Shape`; the first operand's if not given.
        dtype: `dtype(*operands, **params) -> DType`; likewise.
    """

    __slots__ = ("dtype_rule", "shape_rule")

    def __init__(
        self,
        name: str,
        kernel: Callable[..., Any],
        *,
        shape: Callable[..., Shape] | None = None,
        dtype: Callable[..., DType] | None = None,
        **record: Any,
    ) -> None:
        super().__init__(name, kernel, **record)
        self.shape_rule = shape
        self.dtype_rule = dtype

    def infer(self, operands: tuple[Node, ...], params: Params) -> tuple[Shape, DType]:
        shape_of, dtype_of = self.shape_rule, self.dtype_rule
        return (
            operands[0].shape if shape_of is None else shape_of(*operands, **params),
            operands[0].dtype if dtype_of is None else dtype_of(*operands, **params),
        )

    def evaluate(self, node: Node, arrays: list[Any]) -> Any:
        if node.dtype.numpy == np.float16:
            arrays = [
                a.astype(np.float32) if getattr(a, "dtype", None) == np.float16 else a
                for a in arrays
            ]
        return self.kernel(*arrays, **node.params)


class View(Shaped):
    """An operation that shows its operand's storage in another shape.

    Args:
        strides: `strides(x, **params)`: the strides of the view; None where it is a contiguous copy.
    """

    __slots__ = ("strides_rule",)
    is_view: ClassVar[bool] = True
    follows_layout: ClassVar[bool] = True

    def __init__(
        self,
        name: str,
        kernel: Callable[..., Any],
        *,
        strides: Callable[..., Shape | None],
        **record: Any,
    ) -> None:
        super().__init__(name, kernel, linear=((0,),), on_arrays=True, **record)
        self.strides_rule = strides

    def layout(self, node: Node) -> Shape | None:
        return self.strides_rule(node.operands[0], **node.params)
