"""The words of a stream: the Mersenne Twister with the seeds and the states of the reference's generator."""

from __future__ import annotations

import math
import os
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from autodiff_cli.errors import RuntimeFault
from autodiff_cli.random.checks import checked_seed

if TYPE_CHECKING:
    from typing import Self

    import numpy.typing as npt
    from numpy.random import MT19937

F = TypeVar("F", bound=np.floating)

_STATE = np.dtype(
    [
        ("seed", "<u8"), ("left", "<i4"), ("seeded", "<i4"), ("next", "<u8"), ("words", "<u8", 624),
        ("unused_normal", "<f8"), ("normal", "<f8"), ("unused_rho", "<f8"), ("has_normal", "<u8"),
        ("unused_float", "<u8"),
    ]
)  # fmt: skip


class Engine:
    """A stream of random words, and of the uniform and normal numbers that are made of them.

    One that was never seeded takes a seed from the system at its first draw.

    Source: CPUGeneratorImpl.cpp, core/MT19937RNGEngine.h.
    """

    def __init__(self) -> None:
        self._engine: MT19937 | None = None
        self._seed = 0
        self._next_normal: float | None = None  # next_double_normal_sample of the reference

    def manual_seed(self, seed: int) -> Self:
        """Restart the stream at `seed`, from -2**63 to 2**64 - 1, and return the generator.

        The low 32 bits choose the stream.  Raises RuntimeError for a value that is no integer,
        ValueError for one out of range.
        Source: torch/csrc/Generator.cpp, CPUGeneratorImpl.cpp (set_current_seed).

        >>> Engine().manual_seed(-1).initial_seed() == 2**64 - 1
        True
        """
        self._restart(checked_seed(seed))
        return self

    def seed(self) -> int:
        """Restart the stream at a seed of 53 bits from the system and return that seed.

        Source: c10/core/GeneratorImpl.cpp (getNonDeterministicRandom).

        >>> generator = Engine()
        >>> generator.seed() == generator.initial_seed()
        True
        """
        self._restart(int.from_bytes(os.urandom(7), "little") >> 3)
        return self._seed

    def initial_seed(self) -> int:
        """Return the seed of the stream, from 0 to 2**64 - 1.

        Source: CPUGeneratorImpl.cpp (current_seed).

        >>> Engine().manual_seed(7).initial_seed()
        7
        """
        return self._seed if self._engine else self.seed()

    def get_state(self) -> npt.NDArray[np.uint8]:
        """Return the stream's state as the reference's 5,056 bytes.

        Source: CPUGeneratorImpl.cpp (CPUGeneratorImplState, get_state).

        >>> Engine().manual_seed(0).get_state().shape
        (5056,)
        """
        engine = self._engine or self._restart(self.seed())
        inner = engine.state["state"]
        key, place = inner["key"], int(inner["pos"])
        fresh = place == 624 and int(key[0]) == self._seed & 0xFFFFFFFF
        state = np.zeros((), _STATE)
        state["seed"], state["seeded"], state["words"] = self._seed, 1, key
        state["left"], state["next"] = (1, 0) if fresh else (625 - place, place)
        if self._next_normal is not None:
            state["normal"], state["has_normal"] = self._next_normal, 1
        return np.frombuffer(state.tobytes(), np.uint8).copy()

    def set_state(self, state: npt.NDArray[np.uint8]) -> Self:
        """Go on from a state that `get_state` gave.

        Raises RuntimeError for an array of another size.
        Source: CPUGeneratorImpl.cpp (set_state).
        """
        if state.size != _STATE.itemsize:
            raise RuntimeFault(
                f"Expected a CPUGeneratorImplState of size {_STATE.itemsize} but found the input RNG "
                f"state size to be {state.size}"
            )
        given = np.frombuffer(state.tobytes(), _STATE)[0]
        engine = self._restart(int(given["seed"]))
        place = int(given["next"]) or 624
        key = given["words"].astype(np.uint32)
        engine.state = {"bit_generator": "MT19937", "state": {"key": key, "pos": place}}
        self._next_normal = float(given["normal"]) if given["has_normal"] else None
        return self

    def random_uint32(self, n: int) -> npt.NDArray[np.uint32]:
        """Draw `n` words of 32 bits.

        Source: core/MT19937RNGEngine.h.

        >>> Engine().manual_seed(0).random_uint32(2)
        array([2357136044, 2546248239], dtype=uint32)
        """
        return self._words(n).astype(np.uint32)

    def random_uint64(self, n: int) -> npt.NDArray[np.uint64]:
        """Draw `n` words of 64 bits, each of two words of 32 bits, the high one first.

        Source: CPUGeneratorImpl.cpp (random64).

        >>> Engine().manual_seed(0).random_uint64(1)
        array([10123822223749065263], dtype=uint64)
        """
        words = self._words(2 * n)
        return (words[::2] << np.uint64(32)) | words[1::2]

    def _restart(self, seed: int) -> MT19937:
        from numpy.random import MT19937, RandomState  # slow to import, so not before it is used

        engine = MT19937(0)
        RandomState(engine).seed(seed & 0xFFFFFFFF)  # init_genrand, unlike MT19937(seed)
        self._engine, self._seed, self._next_normal = engine, seed, None
        return engine

    def _words(self, n: int) -> npt.NDArray[np.uint64]:
        engine = self._engine or self._restart(self.seed())
        return engine.random_raw(n)

    def _uniform(self, n: int, dtype: type[F]) -> npt.NDArray[F]:
        wide = dtype is np.float64
        words, digits = (self.random_uint64(n), 53) if wide else (self._words(n), 24)
        out = (words & np.uint64(2**digits - 1)).astype(dtype)
        return np.multiply(out, 2.0**-digits, out=out)

    def _normal(self) -> float:
        if self._next_normal is not None:
            value, self._next_normal = self._next_normal, None
            return value
        u, v = self._uniform(2, np.float64).tolist()
        radius, theta = math.sqrt(-2.0 * math.log1p(-v)), 2.0 * math.pi * u
        self._next_normal = radius * math.sin(theta)
        return radius * math.cos(theta)
