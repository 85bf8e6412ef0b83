"""Random tensors, from the default generator's streams."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff_cli.execute import force
from autodiff_cli.ir import dtypes, layout
from autodiff_cli.ir.context import current
from autodiff_cli.ir.dtypes import DType
from autodiff_cli.ir.node import Node, Shape, constant
from autodiff_cli.ir.shapes import broadcast
from autodiff_cli.ops import drawn as dr
from autodiff_cli.random.streams import generator_of
from autodiff_cli.vocabulary.calls.registry import torch
from autodiff_cli.vocabulary.creation import LIKE, OPTIONS, OUT, checked, finished


def _random(
    shape: Shape, dtype: DType | None, requires_grad: bool, normal: bool, generator: Any
) -> Node:
    dtype = dtype or current().dtype
    source = generator_of(generator)
    draw = source.standard_normal if normal else source.uniform
    return finished(constant(draw(checked(shape), dtype.numpy)), requires_grad)


def _random_like(
    x: Node, dtype: DType | None, requires_grad: bool, normal: bool, generator: Any
) -> Node:
    """Numbers drawn in the order of x's storage, whose layout the reference preserves."""
    strides = layout.strides_of(x)
    order = sorted(range(x.ndim), key=lambda dim: -strides[dim])
    drawn = force(
        _random(tuple(x.shape[dim] for dim in order), dtype or x.dtype, False, normal, generator)
    )
    back = np.argsort(order)
    node = constant(np.ascontiguousarray(drawn.transpose(back)).reshape(x.shape))
    node.strides = layout.elementwise_strides(x.shape, [(x.shape, strides)])
    return finished(node, requires_grad)


DRAWING = f"*, torch.Generator? generator, Tensor out = None, {OPTIONS}"
GENERATED = f"*, torch.Generator? generator, torch.memory_format? memory_format = None, {OPTIONS}"


def _drawing(name: str, normal: bool) -> None:
    """`rand` or `randn`, and of another tensor's shape."""

    def of_size(
        size: Shape, dtype: DType | None, requires_grad: bool, generator: Any = None
    ) -> Node:
        return _random(size, dtype, requires_grad, normal, generator)

    def like(input: Node, dtype: DType | None, requires_grad: bool, generator: Any = None) -> Node:
        return _random_like(input, dtype, requires_grad, normal, generator)

    for parameters in (f"(tuple of ints size, {DRAWING}", f"(tuple of ints size, {OUT}"):
        torch(name + parameters, only="function")(of_size)
    for parameters in (f"_like(Tensor input, {GENERATED}", f"_like(Tensor input, {LIKE}"):
        torch(name + parameters, only="function")(like)


_drawing("rand", normal=False)
_drawing("randn", normal=True)


@torch(
    f"randint(SymInt high, tuple of ints size, {DRAWING}",
    f"randint(SymInt high, tuple of ints size, {OUT}",
    f"randint(SymInt low, SymInt high, tuple of ints size, {DRAWING}",
    f"randint(SymInt low, SymInt high, tuple of ints size, {OUT}",
    only="function",
)
def randint(
    high: int,
    size: Shape,
    dtype: DType | None,
    requires_grad: bool,
    low: int = 0,
    generator: Any = None,
) -> Node:
    dtype = dtype or dtypes.int64
    array = generator_of(generator).randint(low, high, checked(size), dtype.numpy)
    return finished(constant(array), requires_grad)


@torch(
    f"randint_like(Tensor input, SymInt low, SymInt high, {GENERATED}",
    f"randint_like(Tensor input, SymInt low, SymInt high, {LIKE}",
    f"randint_like(Tensor input, SymInt high, {GENERATED}",
    f"randint_like(Tensor input, SymInt high, {LIKE}",
    only="function",
)
def randint_like(
    input: Node,
    high: int,
    dtype: DType | None,
    requires_grad: bool,
    low: int = 0,
    generator: Any = None,
) -> Node:
    kind = (dtype or input.dtype).numpy
    array = generator_of(generator).randint(low, high, input.shape, kind)
    return finished(constant(array), requires_grad)


@torch(f"randperm(SymInt n, {DRAWING}", f"randperm(SymInt n, {OUT}", only="function")
def randperm(n: int, dtype: DType | None, requires_grad: bool, generator: Any = None) -> Node:
    dtype = dtype or dtypes.int64
    checked((max(n, 0),))
    return finished(constant(generator_of(generator).randperm(n, dtype.numpy)), requires_grad)


# ---- distributions ------------------------------------------------------------------------------

DRAWN = "*, torch.Generator? generator = None, Tensor out = None"


@torch(f"normal(Tensor mean, Tensor std, {DRAWN})", only="function")
def normal_of_tensors(mean: Node, std: Node, generator: Any) -> Node:
    broadcast(mean.shape, std.shape)
    values = generator_of(generator).normal_arrays(force(mean), force(std))
    return dr.normal_of_both(constant(values), mean, std)


@torch(f"normal(Tensor mean, float std = 1, {DRAWN})", only="function")
def normal_of_mean(mean: Node, std: float, generator: Any) -> Node:
    return dr.normal_of_mean(
        constant(generator_of(generator).normal_arrays(force(mean), std)), mean
    )


@torch(f"normal(float mean, Tensor std, {DRAWN})", only="function")
def normal_of_std(mean: float, std: Node, generator: Any) -> Node:
    return dr.normal_of_std(constant(generator_of(generator).normal_arrays(mean, force(std))), std)


@torch(f"normal(float mean, float std, tuple of ints size, {DRAWN}, {OPTIONS}", only="function")
def normal(
    mean: float, std: float, size: Shape, dtype: DType | None, requires_grad: bool, generator: Any
) -> Node:
    kind = (dtype or current().dtype).numpy
    values = generator_of(generator).normal(mean, std, checked(size), kind)
    return finished(constant(values), requires_grad)


@torch(f"bernoulli(Tensor input, {DRAWN})")
def bernoulli(input: Node, generator: Any) -> Node:
    return dr.bernoulli(constant(generator_of(generator).bernoulli(force(input))), input)


@torch("bernoulli(Tensor input, float p, *, torch.Generator? generator = None)")
def bernoulli_of(input: Node, p: float, generator: Any) -> Node:
    return constant(generator_of(generator).bernoulli(p, input.shape, input.dtype.numpy))


@torch(f"multinomial(Tensor input, SymInt num_samples, bool replacement = False, {DRAWN})")
def multinomial(input: Node, num_samples: int, replacement: bool, generator: Any) -> Node:
    return constant(generator_of(generator).multinomial(force(input), num_samples, replacement))


@torch("poisson(Tensor input, torch.Generator? generator = None)", only="function")
def poisson(input: Node, generator: Any) -> Node:
    return dr.poisson(constant(generator_of(generator).poisson(force(input))), input)
