"""Attributes of tensors, their conversions, and what they tell about themselves."""

from __future__ import annotations

from typing import Any

from autodiff_cli.errors import RuntimeFault
from autodiff_cli.execute import force
from autodiff_cli.ir import dtypes, layout
from autodiff_cli.ir.dtypes import DType
from autodiff_cli.ir.node import Node, Number
from autodiff_cli.ir.room import check_room
from autodiff_cli.ir.shapes import size_at, wrap_dim
from autodiff_cli.ops import movement as mv
from autodiff_cli.ops.pointwise import as_dtype, cast
from autodiff_cli.vocabulary.calls.messages import warn
from autodiff_cli.vocabulary.calls.registry import FUNCTIONS, attribute, torch
from autodiff_cli.vocabulary.calls.values import CPU, STRIDED, Size

attribute("shape")(lambda x: Size(x.shape))
attribute("dtype")(lambda x: x.dtype)
attribute("ndim")(lambda x: x.ndim)
attribute("requires_grad")(lambda x: x.requires_grad)
attribute("is_leaf")(lambda x: x.is_leaf)
attribute("data")(lambda x: FUNCTIONS["detach"](x))
attribute("itemsize")(lambda x: x.dtype.numpy.itemsize)
attribute("nbytes")(lambda x: x.dtype.numpy.itemsize * x.numel)
attribute("device")(lambda x: CPU)
attribute("layout")(lambda x: STRIDED)
attribute("real")(lambda x: x)
for _name in ("is_cuda", "is_sparse", "is_quantized", "is_meta", "is_mps", "is_xpu"):
    attribute(_name)(lambda x: False)
attribute("is_cpu")(lambda x: True)


AT = "(Triggered internally at /__w/pytorch/pytorch/aten/src/ATen/native/TensorShape.cpp:{}.)"
ZERO_DIM = "Tensor.{} is deprecated on 0-D tensors. This function is the identity in these cases. "
REVERSED = (
    "The use of `x.T` on tensors of dimension other than 2 to reverse their shape is deprecated and it will "
    "throw an error in a future release. Consider `x.mT` to transpose batches of matrices or "
    "`x.permute(*torch.arange(x.ndim - 1, -1, -1))` to reverse the dimensions of a tensor. "
    + AT.format(4314)
)


@attribute("T")
def reversed_dims(x: Node) -> Node:
    if not x.ndim:
        warn(ZERO_DIM.format("T") + AT.format(4321), once=True)
    elif x.ndim != 2:
        warn(REVERSED, once=True)
    return mv.permute(x, dims=tuple(reversed(range(x.ndim))))


@attribute("mT")
def matrix_transpose(x: Node) -> Node:
    if not x.ndim:
        warn(ZERO_DIM.format("mT") + AT.format(4373), once=True)
        return x
    if x.ndim < 2:
        raise RuntimeFault(
            "tensor.mT is only supported on matrices or batches of matrices. Got "
            f"{x.ndim}-D tensor."
        )
    return mv.matrix_t(x)


@attribute("H")
def adjoint(x: Node) -> Node:
    if x.ndim == 0:
        warn(
            "Tensor.H is deprecated on 0-D tensors. Consider using x.conj(). " + AT.format(4335),
            once=True,
        )
        return x
    if x.ndim != 2:
        raise RuntimeFault(
            f"tensor.H is only supported on matrices (2-D tensors). Got {x.ndim}-D tensor."
            + (" For batches of matrices, consider using tensor.mH" if x.ndim > 2 else "")
        )
    return mv.matrix_t(x)


@attribute("mH")
def batch_adjoint(x: Node) -> Node:
    if not x.ndim:
        return x
    if x.ndim < 2:
        raise RuntimeFault(
            "tensor.mH is only supported on matrices or batches of matrices. Got "
            f"{x.ndim}-D tensor."
        )
    return mv.matrix_t(x)


@torch("size(Tensor input, int? dim = None)", only="method")
def size(input: Node, dim: int | None) -> Size | int:
    if dim is None:
        return Size(input.shape)
    return size_at(input.shape, dim)


@torch("dim(Tensor input)", "ndimension(Tensor input)", only="method")
def dim(input: Node) -> int:
    return input.ndim


@torch("numel(Tensor input)")
@torch("nelement(Tensor input)", only="method")
def numel(input: Node) -> int:
    return input.numel


@torch("stride(Tensor input, int? dim = None)", only="method")
def stride(input: Node, dim: int | None) -> tuple[int, ...] | int:
    strides = layout.strides_of(input)
    return strides if dim is None else strides[wrap_dim(dim, input.ndim)]


@torch("is_contiguous(Tensor input)", only="method")
def is_contiguous(input: Node) -> bool:
    return layout.is_contiguous(input)


@torch("is_floating_point(Tensor input)")
def is_floating_point(input: Node) -> bool:
    return input.dtype.is_floating


@torch("item(Tensor input)", only="method")
def item(input: Node) -> Number:
    if input.numel != 1:
        raise RuntimeFault(
            f"a Tensor with {input.numel} elements cannot be converted to Scalar",
            hint="item() needs one element; tolist() gives them all",
        )
    return force(input, "item").item()  # type: ignore[no-any-return]


@torch("tolist(Tensor input)", only="method")
def tolist(input: Node) -> Any:
    check_room(BYTES_OF_ITEM * input.numel, "the list")
    return force(input).tolist()


BYTES_OF_ITEM = 32  # a Python number, and its place in a list


# ---- dtypes -------------------------------------------------------------------------------------

for _name, _dtype in {
    "half": dtypes.float16,
    "float": dtypes.float32,
    "double": dtypes.float64,
    "short": dtypes.int16,
    "int": dtypes.int32,
    "long": dtypes.int64,
    "bool": dtypes.bool_,
    "char": dtypes.int8,
    "byte": dtypes.uint8,
}.items():

    def _convert(input: Node, *, _dtype: DType = _dtype) -> Node:
        return as_dtype(input, _dtype)

    torch(f"{_name}(Tensor input, *, torch.memory_format memory_format = None)", only="method")(
        _convert
    )


@torch(
    "to(Tensor input, torch.device? device = None, torch.dtype? dtype = None, "
    "bool non_blocking = False, bool copy = False, *, torch.memory_format memory_format = None)",
    "to(Tensor input, torch.dtype dtype, bool non_blocking = False, bool copy = False, *, "
    "torch.memory_format memory_format = None)",
    only="method",
)
def to(input: Node, dtype: DType | None, copy: bool) -> Node:
    wanted = dtype or input.dtype
    return cast(input, dtype=wanted) if copy else as_dtype(input, wanted)


@torch(
    "to(Tensor input, Tensor tensor, bool non_blocking = False, bool copy = False, *, "
    "torch.memory_format memory_format = None)",
    only="method",
)
def to_like(input: Node, tensor: Node | Number, copy: bool) -> Node:
    if not isinstance(tensor, Node):  # a number stands for a tensor of the widest dtype of its kind
        return to(input, dtypes.bool_ if isinstance(tensor, bool) else dtypes.float64, copy)
    return to(input, tensor.dtype, copy)


@torch("type_as(Tensor input, Tensor other)", only="method")
def type_as(input: Node, other: Node) -> Node:
    return as_dtype(input, other.dtype)


@torch("type(Tensor input, torch.dtype? dtype = None, bool non_blocking = False)", only="method")
def type_(input: Node, dtype: DType | None) -> Node | str:
    if dtype is None:
        return f"torch.{input.dtype.scalar_name}Tensor"
    return as_dtype(input, dtype)


@torch("element_size(Tensor input)", only="method")
def element_size(input: Node) -> int:
    return input.dtype.numpy.itemsize


@torch("cpu(Tensor input)", only="method")
def cpu(input: Node) -> Node:
    return input
