"""Random tensors, from the default generator's streams."""

from __future__ import annotations

import numpy as np

from autodiff_cli.autograd.generator import default_generator
from autodiff_cli.execute import force
from autodiff_cli.ir import dtypes, layout
from autodiff_cli.ir.dtypes import DType
from autodiff_cli.ir.node import Node, Shape, constant
from autodiff_cli.vocabulary.creation import LIKE, OPTIONS, OUT, checked, finished
from autodiff_cli.vocabulary.registry import torch


def _random(shape: Shape, dtype: DType | None, requires_grad: bool, normal: bool) -> Node:
    dtype = dtype or dtypes.default()
    generator = default_generator()
    draw = generator.standard_normal if normal else generator.uniform
    return finished(constant(draw(checked(shape), dtype.numpy)), requires_grad)


def _random_like(x: Node, dtype: DType | None, requires_grad: bool, normal: bool) -> Node:
    """Numbers drawn in the order of x's storage, whose layout the reference preserves."""
    strides = layout.strides_of(x)
    order = sorted(range(x.ndim), key=lambda dim: -strides[dim])
    drawn = force(_random(tuple(x.shape[dim] for dim in order), dtype or x.dtype, False, normal))
    back = np.argsort(order)
    node = constant(np.ascontiguousarray(drawn.transpose(back)).reshape(x.shape))
    node.strides = layout.elementwise_strides(x.shape, [(x.shape, strides)])
    return finished(node, requires_grad)


@torch(
    f"rand(tuple of ints size, *, torch.Generator? generator, Tensor out = None, {OPTIONS}",
    f"rand(tuple of ints size, {OUT}",
    only="function",
)
def rand(size: Shape, dtype: DType | None, requires_grad: bool) -> Node:
    return _random(size, dtype, requires_grad, normal=False)


@torch(
    f"randn(tuple of ints size, *, torch.Generator? generator, Tensor out = None, {OPTIONS}",
    f"randn(tuple of ints size, {OUT}",
    only="function",
)
def randn(size: Shape, dtype: DType | None, requires_grad: bool) -> Node:
    return _random(size, dtype, requires_grad, normal=True)


@torch(
    f"rand_like(Tensor input, *, torch.Generator? generator, "
    f"torch.memory_format? memory_format = None, {OPTIONS}",
    f"rand_like(Tensor input, {LIKE}",
    only="function",
)
def rand_like(input: Node, dtype: DType | None, requires_grad: bool) -> Node:
    return _random_like(input, dtype, requires_grad, normal=False)


@torch(
    f"randn_like(Tensor input, *, torch.Generator? generator, "
    f"torch.memory_format? memory_format = None, {OPTIONS}",
    f"randn_like(Tensor input, {LIKE}",
    only="function",
)
def randn_like(input: Node, dtype: DType | None, requires_grad: bool) -> Node:
    return _random_like(input, dtype, requires_grad, normal=True)


@torch(f"randint(SymInt high, tuple of ints size, {OUT}", only="function")
def randint_to(high: int, size: Shape, dtype: DType | None, requires_grad: bool) -> Node:
    return randint(0, high, size, dtype, requires_grad)


@torch(f"randint(SymInt low, SymInt high, tuple of ints size, {OUT}", only="function")
def randint(low: int, high: int, size: Shape, dtype: DType | None, requires_grad: bool) -> Node:
    dtype = dtype or dtypes.int64
    array = default_generator().randint(low, high, checked(size), dtype.numpy)
    return finished(constant(array), requires_grad)


@torch(f"randperm(SymInt n, {OUT}", only="function")
def randperm(n: int, dtype: DType | None, requires_grad: bool) -> Node:
    dtype = dtype or dtypes.int64
    checked((max(n, 0),))
    return finished(constant(default_generator().randperm(n, dtype.numpy)), requires_grad)
