"""Layers without a window: linear ones, dropout, embeddings, normalizations.

Sources: torch/nn/modules/linear.py, flatten.py, dropout.py, sparse.py, normalization.py, batchnorm.py.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autodiff_cli.errors import AssertionFault, TypeFault, ValueFault
from autodiff_cli.tensors.tensor import of_array
from autodiff_cli.vocabulary.autograd.grad_mode import no_grad
from autodiff_cli.vocabulary.calls.calling import call, torch_call
from autodiff_cli.vocabulary.calls.messages import warn
from autodiff_cli.vocabulary.nn.declared import declared, module, plain
from autodiff_cli.vocabulary.nn.init import (
    constant_,
    empty,
    fans,
    kaiming_uniform_,
    normal_,
    ones_,
    parametrize,
    uniform_,
    zeros_,
)
from autodiff_cli.vocabulary.nn.module import Module
from autodiff_cli.vocabulary.nn.parameter import Parameter


@module("torch.nn.modules.linear", "Identity")
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


@module(
    "torch.nn.modules.linear",
    "Linear(in_features, out_features, bias=True, device=None, dtype=None)",
    "F.linear(input, self.weight, self.bias)",
    "in_features out_features bias",
)
class Linear(Module):
    def _start(self, bias: bool, dtype: Any) -> None:
        rows, columns = self.out_features, self.in_features
        parametrize(self, dtype, weight=(rows, columns), bias=(rows,) if bias else None)

    def reset_parameters(self) -> None:
        kaiming_uniform_(self.weight, a=math.sqrt(5))
        uniform_bias(self)


@module(
    "torch.nn.modules.linear",
    "Bilinear(in1_features, in2_features, out_features, bias=True, device=None, dtype=None)",
    "F.bilinear(input1, input2, self.weight, self.bias)",
    "in1_features in2_features out_features bias",
)
class Bilinear(Module):
    def _start(self, bias: bool, dtype: Any) -> None:
        shape = (self.out_features, self.in1_features, self.in2_features)
        parametrize(self, dtype, weight=shape, bias=shape[:1] if bias else None)

    def reset_parameters(self) -> None:
        if self.in1_features <= 0:
            raise ValueFault(
                f"in1_features must be > 0, but got (in1_features={self.in1_features})"
            )
        bound = 1 / math.sqrt(self.in1_features)
        uniform_(self.weight, -bound, bound)
        if self.bias is not None:
            uniform_(self.bias, -bound, bound)


@module("torch.nn.modules.flatten", "Flatten(start_dim=1, end_dim=-1)", shows="start_dim end_dim")
class Flatten(Module):
    def forward(self, input: Any) -> Any:
        return call(input, "flatten", self.start_dim, self.end_dim)


@module(
    "torch.nn.modules.flatten", "Unflatten(dim, unflattened_size)", shows="dim unflattened_size"
)
class Unflatten(Module):
    def _start(self) -> None:
        sizes = self.unflattened_size
        if not isinstance(sizes, (tuple, list)):
            raise TypeFault(
                f"unflattened_size must be a tuple of ints, but found type {type(sizes).__name__}"
            )
        for place, size in enumerate(sizes):
            if not isinstance(size, int):
                raise TypeFault(
                    "unflattened_size must be tuple of ints, but found element of type "
                    f"{type(size).__name__} at pos {place}"
                )

    def forward(self, input: Any) -> Any:
        return call(input, "unflatten", self.dim, self.unflattened_size)


@declared("_DropoutNd(p=0.5, inplace=False)", shows="p inplace")
class _DropoutNd(Module):
    def _start(self) -> None:
        if self.p < 0 or self.p > 1:
            raise ValueFault(f"dropout probability has to be between 0 and 1, but got {self.p}")


ALPHA = {"AlphaDropout": "alpha_dropout", "FeatureAlphaDropout": "feature_alpha_dropout"}
for _name in ("Dropout", "Dropout1d", "Dropout2d", "Dropout3d", *ALPHA):
    _function = ALPHA.get(_name, _name.lower())
    _call = f"F.{_function}(input, self.p, self.training, self.inplace)"
    plain("torch.nn.modules.dropout", _name, _call, base=_DropoutNd)


@module(
    "torch.nn.modules.sparse",
    "Embedding(num_embeddings, embedding_dim, padding_idx=None, max_norm=None, norm_type=2.0, "
    "scale_grad_by_freq=False, sparse=False, _weight=None, _freeze=False, device=None, dtype=None)",
    "F.embedding(input, self.weight, self.padding_idx, self.max_norm, self.norm_type, "
    "self.scale_grad_by_freq, self.sparse)",
    "{num_embeddings} {embedding_dim} padding_idx? max_norm? norm_type? scale_grad_by_freq? sparse=True",
)
class Embedding(Module):
    def _start(self, _weight: Any, _freeze: bool, dtype: Any) -> None:
        rows, shape = self.num_embeddings, (self.num_embeddings, self.embedding_dim)
        if self.padding_idx is not None:
            if not -rows <= self.padding_idx < rows:
                raise AssertionFault("Padding_idx must be within num_embeddings")
            self.padding_idx %= rows
        if _weight is not None and _weight.shape != shape:
            raise AssertionFault("Shape of weight does not match num_embeddings and embedding_dim")
        weight = empty(shape, dtype) if _weight is None else _weight
        self.weight = Parameter(weight, requires_grad=not _freeze)
        if _weight is None:
            self.reset_parameters()

    def reset_parameters(self) -> None:
        normal_(self.weight)
        if self.padding_idx is not None:
            with no_grad():
                row: Any = self.weight
                constant_(row[self.padding_idx], 0)

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


class _Normalization(Module):
    """Parameters that change nothing at first, if there are any."""

    def reset_parameters(self) -> None:
        if self.weight is not None:
            ones_(self.weight)
        if self.bias is not None:
            zeros_(self.bias)


@module(
    "torch.nn.modules.normalization",
    "LayerNorm(normalized_shape, eps=1e-5, elementwise_affine=True, bias=True, device=None, dtype=None)",
    "F.layer_norm(input, self.normalized_shape, self.weight, self.bias, self.eps)",
    "{normalized_shape} eps elementwise_affine bias",
)
class LayerNorm(_Normalization):
    normalized_shape: Any

    def _start(self, bias: bool, dtype: Any) -> None:
        shape = self.normalized_shape
        self.normalized_shape = (shape,) if isinstance(shape, int) else tuple(shape)
        weight = self.normalized_shape if self.elementwise_affine else None
        parametrize(self, dtype, weight=weight, bias=weight if bias else None)


@declared(
    "_BatchNorm(num_features, eps=1e-5, momentum=0.1, affine=True, track_running_stats=True, "
    "device=None, dtype=None, *, bias=True)",
    shows="{num_features} eps momentum affine bias track_running_stats",
)
class _BatchNorm(_Normalization):
    _version = 2
    _dims: tuple[int, ...] = ()

    def _start(self, dtype: Any, bias: bool) -> None:
        shape, tracked = (self.num_features,), self.track_running_stats
        self.register_buffer("running_mean", empty(shape, dtype) if tracked else None)
        self.register_buffer("running_var", empty(shape, dtype) if tracked else None)
        self.register_buffer("num_batches_tracked", of_array(np.array(0)) if tracked else None)
        weight = shape if self.affine else None
        parametrize(self, dtype, weight=weight, bias=weight if bias else None)

    def reset_running_stats(self) -> None:
        if self.track_running_stats:
            call(self.running_mean, "zero_")
            call(self.running_var, "fill_", 1)
            call(self.num_batches_tracked, "zero_")

    def reset_parameters(self) -> None:
        self.reset_running_stats()
        super().reset_parameters()

    def forward(self, input: Any) -> Any:
        if len(input.shape) not in self._dims:
            expected = " or ".join(f"{count}D" for count in self._dims)
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


@module("torch.nn.modules.batchnorm", "BatchNorm1d")
class BatchNorm1d(_BatchNorm):
    _dims = (2, 3)


@module("torch.nn.modules.batchnorm", "BatchNorm2d")
class BatchNorm2d(_BatchNorm):
    _dims = (4,)


@module("torch.nn.modules.batchnorm", "BatchNorm3d")
class BatchNorm3d(_BatchNorm):
    _dims = (5,)


@module(
    "torch.nn.modules.normalization",
    "GroupNorm(num_groups, num_channels, eps=1e-5, affine=True, device=None, dtype=None)",
    "F.group_norm(input, self.num_groups, self.weight, self.bias, self.eps)",
    "{num_groups} {num_channels} eps affine bias",
)
class GroupNorm(_Normalization):
    def _start(self, dtype: Any) -> None:
        channels, groups = self.num_channels, self.num_groups
        if channels % groups != 0:
            raise ValueFault(
                f"num_channels ({channels}) must be divisible by num_groups ({groups})"
            )
        shape = (channels,) if self.affine else None
        parametrize(self, dtype, weight=shape, bias=shape)


@module(
    "torch.nn.modules.normalization",
    "RMSNorm(normalized_shape, eps=None, elementwise_affine=True, device=None, dtype=None)",
    "F.rms_norm(input, self.normalized_shape, self.weight, self.eps)",
    "{normalized_shape} eps elementwise_affine",
)
class RMSNorm(Module):
    normalized_shape: Any

    def _start(self, dtype: Any) -> None:
        shape = self.normalized_shape
        self.normalized_shape = (shape,) if isinstance(shape, int) else tuple(shape)
        parametrize(self, dtype, weight=self.normalized_shape if self.elementwise_affine else None)

    def reset_parameters(self) -> None:
        if self.weight is not None:
            ones_(self.weight)


plain(
    "torch.nn.modules.normalization",
    "LocalResponseNorm(size, alpha=1e-4, beta=0.75, k=1.0)",
    "F.local_response_norm",
    "{size} alpha beta k",
)


@declared(
    "_InstanceNorm(num_features, eps=1e-5, momentum=0.1, affine=False, track_running_stats=False, "
    "device=None, dtype=None, *, bias=True)",
    shows="{num_features} eps momentum affine bias track_running_stats",
)
class _InstanceNorm(_BatchNorm):
    def _start(self, dtype: Any, bias: bool) -> None:
        super()._start(dtype, bias)

    def forward(self, input: Any) -> Any:
        unbatched, batched = self._dims
        if len(input.shape) not in self._dims:
            raise ValueFault(
                f"expected {unbatched}D or {batched}D input (got {len(input.shape)}D input)"
            )
        channels = input.shape[len(input.shape) - unbatched]
        if channels != self.num_features:
            at = len(input.shape) - unbatched
            if self.affine:
                raise ValueFault(
                    f"expected input's size at dim={at} to match num_features ({self.num_features}), but "
                    f"got: {channels}."
                )
            warn(
                f"input's size at dim={at} does not match num_features. You can silence this warning by "
                "not passing in num_features, which is not used because affine=False"
            )
        if len(input.shape) == unbatched:
            return call(self._normalized(call(input, "unsqueeze", 0)), "squeeze", 0)
        return self._normalized(input)

    def _normalized(self, input: Any) -> Any:
        own = self.training or not self.track_running_stats
        if self.training and self.track_running_stats:
            self._follow(input)
        return torch_call(
            "F.instance_norm",
            input,
            None if own else self.running_mean,
            None if own else self.running_var,
            self.weight,
            self.bias,
            own,
            0.0 if self.momentum is None else self.momentum,
            self.eps,
        )

    def _follow(self, input: Any) -> None:
        """Move the running statistics to the means of those of each sample."""
        count, channels, *spatial = input.shape
        with no_grad():
            whole = call(input, "reshape", 1, count * channels, *spatial)
            mean, var = (call(x, "repeat", count) for x in (self.running_mean, self.running_var))
            torch_call("F.batch_norm", whole, mean, var, None, None, True, self.momentum)
            for kept, made in ((self.running_mean, mean), (self.running_var, var)):
                call(kept, "copy_", call(call(made, "view", count, channels), "mean", 0))


for _number in (1, 2, 3):
    _name = f"InstanceNorm{_number}d"
    _members = {"__qualname__": _name, "_dims": (_number + 1, _number + 2)}
    module("torch.nn.modules.instancenorm", _name)(type(_name, (_InstanceNorm,), _members))

plain(
    "torch.nn.modules.distance",
    "CosineSimilarity(dim=1, eps=1e-8)",
    "F.cosine_similarity(x1, x2, self.dim, self.eps)",
)


@module(
    "torch.nn.modules.distance",
    "PairwiseDistance(p=2.0, eps=1e-6, keepdim=False)",
    "F.pairwise_distance(x1, x2, self.norm, self.eps, self.keepdim)",
)
class PairwiseDistance(Module):
    def _start(self, p: float, eps: float, keepdim: bool) -> None:
        self.norm, self.eps, self.keepdim = p, eps, keepdim
