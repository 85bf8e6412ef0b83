"""Layers without a window: linear ones, dropout, embeddings, normalizations.

Sources: torch/nn/modules/linear.py, flatten.py, dropout.py, sparse.py, normalization.py, batchnorm.py.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autodiff_cli.autograd.tensor import of_array
from autodiff_cli.errors import AssertionFault, TypeFault, ValueFault
from autodiff_cli.vocabulary.calling import call, opened, torch_call
from autodiff_cli.vocabulary.grad_mode import no_grad
from autodiff_cli.vocabulary.nn.init import (
    constant_,
    empty,
    fans,
    kaiming_uniform_,
    normal_,
    ones_,
    uniform_,
    zeros_,
)
from autodiff_cli.vocabulary.nn.module import Module
from autodiff_cli.vocabulary.nn.parameter import Parameter


@opened("torch.nn.modules.linear", "nn.Identity")
class Identity(Module):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__()

    def forward(self, input: Any) -> Any:
        return input


def uniform_bias(module: Any) -> None:
    """A bias within the bounds that the weight's fan-in gives."""
    if module.bias is not None:
        fan_in, _ = fans(module.weight.shape)
        bound = 1 / math.sqrt(fan_in) if fan_in > 0 else 0
        uniform_(module.bias, -bound, bound)


@opened("torch.nn.modules.linear", "nn.Linear")
class Linear(Module):
    def __init__(
        self,
        in_features: int,
        out_features: int,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        self.in_features = in_features
        self.out_features = out_features
        self.weight = Parameter(empty((out_features, in_features), dtype))
        if bias:
            self.bias = Parameter(empty((out_features,), dtype))
        else:
            self.register_parameter("bias", None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        kaiming_uniform_(self.weight, a=math.sqrt(5))
        uniform_bias(self)

    def forward(self, input: Any) -> Any:
        return torch_call("F.linear", input, self.weight, self.bias)

    def extra_repr(self) -> str:
        return (
            f"in_features={self.in_features}, out_features={self.out_features}, "
            f"bias={self.bias is not None}"
        )


@opened("torch.nn.modules.linear", "nn.Bilinear")
class Bilinear(Module):
    def __init__(
        self,
        in1_features: int,
        in2_features: int,
        out_features: int,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        self.in1_features = in1_features
        self.in2_features = in2_features
        self.out_features = out_features
        self.weight = Parameter(empty((out_features, in1_features, in2_features), dtype))
        if bias:
            self.bias = Parameter(empty((out_features,), dtype))
        else:
            self.register_parameter("bias", None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        if self.in1_features <= 0:
            raise ValueFault(
                f"in1_features must be > 0, but got (in1_features={self.in1_features})"
            )
        bound = 1 / math.sqrt(self.in1_features)
        uniform_(self.weight, -bound, bound)
        if self.bias is not None:
            uniform_(self.bias, -bound, bound)

    def forward(self, input1: Any, input2: Any) -> Any:
        return torch_call("F.bilinear", input1, input2, self.weight, self.bias)

    def extra_repr(self) -> str:
        return (
            f"in1_features={self.in1_features}, in2_features={self.in2_features}, "
            f"out_features={self.out_features}, bias={self.bias is not None}"
        )


@opened("torch.nn.modules.flatten", "nn.Flatten")
class Flatten(Module):
    def __init__(self, start_dim: int = 1, end_dim: int = -1) -> None:
        super().__init__()
        self.start_dim, self.end_dim = start_dim, end_dim

    def forward(self, input: Any) -> Any:
        return call(input, "flatten", self.start_dim, self.end_dim)

    def extra_repr(self) -> str:
        return f"start_dim={self.start_dim}, end_dim={self.end_dim}"


@opened("torch.nn.modules.flatten", "nn.Unflatten")
class Unflatten(Module):
    def __init__(self, dim: int, unflattened_size: Any) -> None:
        super().__init__()
        if not isinstance(unflattened_size, (tuple, list)):
            raise TypeFault(
                "unflattened_size must be a tuple of ints, but found type "
                f"{type(unflattened_size).__name__}"
            )
        for place, size in enumerate(unflattened_size):
            if not isinstance(size, int):
                raise TypeFault(
                    "unflattened_size must be tuple of ints, but found element of type "
                    f"{type(size).__name__} at pos {place}"
                )
        self.dim, self.unflattened_size = dim, unflattened_size

    def forward(self, input: Any) -> Any:
        return call(input, "unflatten", self.dim, self.unflattened_size)

    def extra_repr(self) -> str:
        return f"dim={self.dim}, unflattened_size={self.unflattened_size}"


class _DropoutNd(Module):
    function = ""

    def __init__(self, p: float = 0.5, inplace: bool = False) -> None:
        super().__init__()
        if p < 0 or p > 1:
            raise ValueFault(f"dropout probability has to be between 0 and 1, but got {p}")
        self.p, self.inplace = p, inplace

    def forward(self, input: Any) -> Any:
        return torch_call(self.function, input, self.p, self.training, self.inplace)

    def extra_repr(self) -> str:
        return f"p={self.p}, inplace={self.inplace}"


for _name, _function in {
    "Dropout": "F.dropout",
    "Dropout1d": "F.dropout1d",
    "Dropout2d": "F.dropout2d",
    "AlphaDropout": "F.alpha_dropout",
}.items():
    _class = type(_name, (_DropoutNd,), {"function": _function, "__qualname__": _name})
    opened("torch.nn.modules.dropout", f"nn.{_name}")(_class)


@opened("torch.nn.modules.sparse", "nn.Embedding")
class Embedding(Module):
    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        padding_idx: int | None = None,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        sparse: bool = False,
        _weight: Any = None,
        _freeze: bool = False,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        self.num_embeddings, self.embedding_dim = num_embeddings, embedding_dim
        if padding_idx is not None:
            if not -num_embeddings <= padding_idx < num_embeddings:
                raise AssertionFault("Padding_idx must be within num_embeddings")
            padding_idx %= num_embeddings
        self.padding_idx = padding_idx
        self.max_norm, self.norm_type = max_norm, norm_type
        self.scale_grad_by_freq = scale_grad_by_freq
        if _weight is None:
            weight = empty((num_embeddings, embedding_dim), dtype)
            self.weight = Parameter(weight, requires_grad=not _freeze)
            self.reset_parameters()
        else:
            if _weight.shape != (num_embeddings, embedding_dim):
                raise AssertionFault(
                    "Shape of weight does not match num_embeddings and embedding_dim"
                )
            self.weight = Parameter(_weight, requires_grad=not _freeze)
        self.sparse = sparse

    def reset_parameters(self) -> None:
        normal_(self.weight)
        if self.padding_idx is not None:
            with no_grad():
                row: Any = self.weight
                constant_(row[self.padding_idx], 0)

    def forward(self, input: Any) -> Any:
        return torch_call(
            "F.embedding",
            input,
            self.weight,
            self.padding_idx,
            self.max_norm,
            self.norm_type,
            self.scale_grad_by_freq,
            self.sparse,
        )

    def extra_repr(self) -> str:
        text = f"{self.num_embeddings}, {self.embedding_dim}"
        for name, usual in (("padding_idx", None), ("max_norm", None), ("norm_type", 2)):
            value = getattr(self, name)
            if value != usual:
                text += f", {name}={value}"
        if self.scale_grad_by_freq is not False:
            text += f", scale_grad_by_freq={self.scale_grad_by_freq}"
        return text + (", sparse=True" if self.sparse is not False else "")

    @classmethod
    def from_pretrained(
        cls, embeddings: Any, freeze: bool = True, padding_idx: int | None = None, **kwargs: Any
    ) -> Any:
        if len(embeddings.shape) != 2:
            raise AssertionFault("Embeddings parameter is expected to be 2-dimensional")
        rows, columns = embeddings.shape
        return cls(
            rows, columns, padding_idx=padding_idx, _weight=embeddings, _freeze=freeze, **kwargs
        )


@opened("torch.nn.modules.normalization", "nn.LayerNorm")
class LayerNorm(Module):
    def __init__(
        self,
        normalized_shape: Any,
        eps: float = 1e-5,
        elementwise_affine: bool = True,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        shape = (normalized_shape,) if isinstance(normalized_shape, int) else normalized_shape
        self.normalized_shape = tuple(shape)
        self.eps, self.elementwise_affine = eps, elementwise_affine
        for name, wanted in (("weight", True), ("bias", bias)):
            made = elementwise_affine and wanted
            value = Parameter(empty(self.normalized_shape, dtype)) if made else None
            self.register_parameter(name, value)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        if self.elementwise_affine:
            ones_(self.weight)
            if self.bias is not None:
                zeros_(self.bias)

    def forward(self, input: Any) -> Any:
        return torch_call(
            "F.layer_norm", input, self.normalized_shape, self.weight, self.bias, self.eps
        )

    def extra_repr(self) -> str:
        return (
            f"{self.normalized_shape}, eps={self.eps}, "
            f"elementwise_affine={self.elementwise_affine}, bias={self.bias is not None}"
        )


class _BatchNorm(Module):
    _version = 2
    dims: tuple[int, ...] = ()

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__()
        self.num_features, self.eps, self.momentum = num_features, eps, momentum
        self.affine, self.track_running_stats = affine, track_running_stats
        shape = (num_features,)
        self.register_parameter("weight", Parameter(empty(shape, dtype)) if affine else None)
        made = Parameter(empty(shape, dtype)) if affine and bias else None
        self.register_parameter("bias", made)
        tracked = track_running_stats
        self.register_buffer("running_mean", empty(shape, dtype) if tracked else None)
        self.register_buffer("running_var", empty(shape, dtype) if tracked else None)
        count = of_array(np.array(0)) if tracked else None
        self.register_buffer("num_batches_tracked", count)
        self.reset_parameters()

    def reset_running_stats(self) -> None:
        if self.track_running_stats:
            call(self.running_mean, "zero_")
            call(self.running_var, "fill_", 1)
            call(self.num_batches_tracked, "zero_")

    def reset_parameters(self) -> None:
        self.reset_running_stats()
        if self.affine:
            ones_(self.weight)
            if self.bias is not None:
                zeros_(self.bias)

    def forward(self, input: Any) -> Any:
        if len(input.shape) not in self.dims:
            expected = " or ".join(f"{count}D" for count in self.dims)
            raise ValueFault(f"expected {expected} input (got {len(input.shape)}D input)")
        factor = 0.0 if self.momentum is None else self.momentum
        if self.training and self.track_running_stats and self.num_batches_tracked is not None:
            call(self.num_batches_tracked, "add_", 1)
            if self.momentum is None:
                factor = 1.0 / float(self.num_batches_tracked)
        shown = not self.training or self.track_running_stats
        return torch_call(
            "F.batch_norm",
            input,
            self.running_mean if shown else None,
            self.running_var if shown else None,
            self.weight,
            self.bias,
            self.training or (self.running_mean is None and self.running_var is None),
            factor,
            self.eps,
        )

    def extra_repr(self) -> str:
        return (
            f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, affine={self.affine}, "
            f"bias={self.bias is not None}, track_running_stats={self.track_running_stats}"
        )


@opened("torch.nn.modules.batchnorm", "nn.BatchNorm1d")
class BatchNorm1d(_BatchNorm):
    dims = (2, 3)


@opened("torch.nn.modules.batchnorm", "nn.BatchNorm2d")
class BatchNorm2d(_BatchNorm):
    dims = (4,)


@opened("torch.nn.modules.normalization", "nn.GroupNorm")
class GroupNorm(Module):
    def __init__(
        self,
        num_groups: int,
        num_channels: int,
        eps: float = 1e-5,
        affine: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        if num_channels % num_groups != 0:
            raise ValueFault(
                f"num_channels ({num_channels}) must be divisible by num_groups ({num_groups})"
            )
        self.num_groups, self.num_channels = num_groups, num_channels
        self.eps, self.affine = eps, affine
        for name in ("weight", "bias"):
            value = Parameter(empty((num_channels,), dtype)) if affine else None
            self.register_parameter(name, value)
        if affine:
            ones_(self.weight)
            zeros_(self.bias)

    def forward(self, input: Any) -> Any:
        return torch_call("F.group_norm", input, self.num_groups, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        return (
            f"{self.num_groups}, {self.num_channels}, eps={self.eps}, affine={self.affine}, "
            f"bias={self.bias is not None}"
        )


@opened("torch.nn.modules.distance", "nn.CosineSimilarity")
class CosineSimilarity(Module):
    def __init__(self, dim: int = 1, eps: float = 1e-8) -> None:
        super().__init__()
        self.dim, self.eps = dim, eps

    def forward(self, x1: Any, x2: Any) -> Any:
        return torch_call("F.cosine_similarity", x1, x2, self.dim, self.eps)


@opened("torch.nn.modules.distance", "nn.PairwiseDistance")
class PairwiseDistance(Module):
    def __init__(self, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False) -> None:
        super().__init__()
        self.norm, self.eps, self.keepdim = p, eps, keepdim

    def forward(self, x1: Any, x2: Any) -> Any:
        return torch_call("F.pairwise_distance", x1, x2, self.norm, self.eps, self.keepdim)
