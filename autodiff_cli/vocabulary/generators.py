"""Random generators as programs hold them, and the functions that seed and save the default one.

Sources: torch/csrc/Generator.cpp, torch/random.py.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff_cli.errors import RuntimeFault, TypeFault
from autodiff_cli.ir import dtypes
from autodiff_cli.random.generator import Generator
from autodiff_cli.random.streams import default_generator
from autodiff_cli.tensors.tensor import Tensor, of_array
from autodiff_cli.vocabulary.autograd.grad_mode import Decorated
from autodiff_cli.vocabulary.calls.handles import NAMES, PUBLIC, named
from autodiff_cli.vocabulary.calls.parameters import TYPE_NAMES, type_name
from autodiff_cli.vocabulary.calls.values import CPU

UNSEEDED = 67280421310721  # default_rng_seed_val


@named("Generator")
class TorchGenerator:
    """`torch.Generator()`: a stream of its own."""

    __module__ = "torch._C"
    __slots__ = ("own",)

    def __init__(self, device: Any = "cpu") -> None:
        if str(device) != "cpu":
            raise RuntimeFault("Device type CUDA is not supported for torch.Generator() api.")
        self.own: Generator | None = Generator().manual_seed(UNSEEDED)

    @property
    def generator(self) -> Generator:
        """Its stream; of the default one, that of the program that runs."""
        return self.own or default_generator()

    @property
    def device(self) -> Any:
        return CPU

    def manual_seed(self, seed: Any) -> TorchGenerator:
        self.generator.manual_seed(seed)
        return self

    def initial_seed(self) -> int:
        return self.generator.initial_seed()

    def seed(self) -> int:
        return self.generator.seed()

    def get_state(self) -> Tensor:
        return of_array(self.generator.get_state())

    def set_state(self, new_state: Any) -> TorchGenerator:
        if not isinstance(new_state, Tensor) or new_state.dtype is not dtypes.uint8:
            kind = (
                f"torch.{new_state.dtype.scalar_name}Tensor"
                if isinstance(new_state, Tensor)
                else type_name(new_state)
            )
            raise TypeFault(f"expected a torch.ByteTensor, but got {kind}")
        self.generator.set_state(np.ascontiguousarray(new_state.array))
        return self

    def clone_state(self) -> TorchGenerator:
        copy = TorchGenerator()
        copy.generator.set_state(self.generator.get_state())
        return copy

    def __repr__(self) -> str:
        return f"<torch._C.Generator object at {id(self):#x}>"


TorchGenerator.__name__ = TorchGenerator.__qualname__ = "Generator"
TYPE_NAMES[TorchGenerator] = "torch._C.Generator"
PUBLIC[TorchGenerator] = frozenset(
    "device manual_seed initial_seed seed get_state set_state clone_state".split()
)
DEFAULT = TorchGenerator.__new__(TorchGenerator)
DEFAULT.own = None
NAMES["default_generator"] = NAMES["random.default_generator"] = DEFAULT


@named("manual_seed", "random.manual_seed")
def manual_seed(seed: Any) -> TorchGenerator:
    return DEFAULT.manual_seed(int(seed))


@named("seed", "random.seed")
def seed() -> int:
    return DEFAULT.seed()


@named("initial_seed", "random.initial_seed")
def initial_seed() -> int:
    return DEFAULT.initial_seed()


@named("get_rng_state", "random.get_rng_state")
def get_rng_state() -> Tensor:
    return DEFAULT.get_state()


@named("set_rng_state", "random.set_rng_state")
def set_rng_state(new_state: Any) -> None:
    DEFAULT.set_state(new_state)


@named("random.fork_rng")
class fork_rng:
    """What is drawn inside leaves the default generator as it was."""

    def __init__(self, devices: Any = None, enabled: bool = True, **_: Any) -> None:
        self.enabled = enabled
        self.before: Any = None

    def __enter__(self) -> None:
        self.before = DEFAULT.generator.get_state()

    def __exit__(self, *_: Any) -> None:
        if self.enabled:
            DEFAULT.generator.set_state(self.before)

    def __call__(self, function: Any) -> Any:
        return Decorated(function, lambda: fork_rng(enabled=self.enabled))
