"""The random streams of torch 2.13 on the CPU, reproduced with NumPy.

Every draw is serial, so no stream depends on the number of threads: the reference is built with
MKL's own generators disabled (pytorch issue 132395).  Rounding depends on the processor: with FMA
the reference contracts ``a * b + c`` to one rounding, and its AVX2 and AVX512 kernels, which agree,
are followed here; its fallback for older processors rounds otherwise.

Paths named below are relative to ``aten/src/ATen`` of the reference.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from autodiff_cli.errors import ValueFault
from autodiff_cli.random.box_muller import box_muller, libm
from autodiff_cli.random.checks import NAMES, bounds, check, continuous, digits, dispatch, numel
from autodiff_cli.random.engine import Engine
from autodiff_cli.random.rounding import fma, narrow, opmath_of

if TYPE_CHECKING:
    import numpy.typing as npt

    Array: TypeAlias = npt.NDArray[np.generic]
    Floats: TypeAlias = npt.NDArray[np.floating]
    F64: TypeAlias = npt.NDArray[np.float64]
    DType: TypeAlias = np.dtype[np.generic] | type[np.generic]
    Shape: TypeAlias = tuple[int, ...]

_BLOCK = 1 << 14  # normals per step: the temporaries of a step stay in the L2 cache


class Generator(Engine):
    """A stream of random numbers with the draws of ``torch.Generator``.

    `shape` is a tuple, `dtype` a NumPy scalar type or dtype; results are new C-contiguous arrays.
    Every method of draws raises RuntimeError for a negative size.

    >>> Generator().manual_seed(0).standard_normal((2,), np.float32)
    array([ 1.5409961, -0.2934289], dtype=float32)
    """

    def uniform(self, shape: Shape, dtype: DType, low: float = 0.0, high: float = 1.0) -> Array:
        """Draw uniformly from [`low`, `high`) (``rand``, ``uniform_``).

        Raises NotImplementedError unless `dtype` is a float type, RuntimeError for bounds out of
        order or range.
        Source: native/DistributionTemplates.h (uniform_impl_), native/cpu/DistributionTemplates.h.

        >>> Generator().manual_seed(0).uniform((2,), np.float32)
        array([0.4962566, 0.7682218], dtype=float32)
        """
        dtype = dispatch("check_uniform_bounds", dtype)
        name, c_name = NAMES[dtype.name]
        least, most = bounds(dtype)
        check(least <= low <= most, f"from is out of bounds for {c_name}")
        check(least <= high <= most, f"to is out of bounds for {c_name}")
        order = f"but found from={low:g} > to={high:g}"
        check(low <= high, f"uniform_ expects to return a [from, to) range, {order}")
        excess = f"to={high:g} and from={low:g} which result in to-from to exceed the limit"
        limit = f"std::numeric_limits<{name}>::max()"
        check(high - low <= most, f"uniform_ expects to-from <= {limit}, but found {excess}")
        opmath = opmath_of(dtype)
        start, stop = opmath(low), opmath(high)
        draws = self._uniform(numel(shape), opmath)
        out = fma(draws, float(stop - start), float(start)).astype(dtype, copy=False)
        out[out == stop.astype(dtype)] = start.astype(dtype)  # rounded up to the open bound
        return out.reshape(shape)

    def standard_normal(self, shape: Shape, dtype: DType) -> Array:
        """Draw from the normal distribution of mean 0 and deviation 1 (``randn``).

        Raises NotImplementedError unless `dtype` is a float type.
        Source: native/cpu/DistributionTemplates.h (normal_kernel, NormalFill16).

        >>> Generator().manual_seed(0).standard_normal((1, 2), np.float64)
        array([[ 1.54099611, -0.29342891]])
        """
        return self.normal(0.0, 1.0, shape, dtype)

    def normal(self, mean: float, std: float, shape: Shape, dtype: DType) -> Array:
        """Draw from the normal distribution of `mean` and deviation `std` (``normal_``).

        Fewer than 16 elements come one by one, the second value of a pair waiting in the
        generator; more come in blocks of 16 and leave the waiting value alone.

        Raises NotImplementedError unless `dtype` is a float type, RuntimeError if `std` < 0.
        Source: native/cpu/DistributionTemplates.h (normal_kernel), core/DistributionsHelper.h.

        >>> Generator().manual_seed(0).normal(5.0, 0.0, (2,), np.float32)
        array([5., 5.], dtype=float32)
        """
        check(std >= 0, f"normal expects std >= 0.0, but found std {std:g}")
        dtype, n = dispatch("normal_kernel_cpu", dtype), numel(shape)
        if n < 16:
            values = np.array([self._normal() for _ in range(n)], np.float64)
            return narrow(fma(values, float(std), float(mean)), dtype).reshape(shape)
        opmath, blocks = opmath_of(dtype), n - n % 16
        scale, offset = float(opmath(std)), float(opmath(mean))
        out = np.empty(n, dtype)
        for start in range(0, blocks, _BLOCK):
            stop = min(start + _BLOCK, blocks)
            out[start:stop] = fma(box_muller(self._uniform(stop - start, opmath)), scale, offset)
        if blocks < n:
            if dtype != np.float16:  # drawn for the remainder, then replaced
                self._uniform(n - blocks, opmath)
            out[-16:] = fma(box_muller(self._uniform(16, opmath)), scale, offset)
        return out.reshape(shape)

    def normal_arrays(self, mean: float | Floats, std: float | Floats) -> Array:
        """Draw a normal value for each pair of `mean` and `std`, broadcast against each other.

        At least one is an array; the first array gives the type.  Raises NotImplementedError
        unless that is a float type, RuntimeError for a deviation < 0, ValueError for shapes that
        do not broadcast.
        Source: native/DistributionTemplates.h (normal_out_impl).

        >>> Generator().manual_seed(0).normal_arrays(np.array([1.0, 2.0]), 0.0)
        array([1., 2.])
        """
        dtype = (mean if isinstance(mean, np.ndarray) else np.asarray(std)).dtype
        shape = np.broadcast_shapes(np.shape(mean), np.shape(std))
        if isinstance(std, np.ndarray):
            check(bool(np.all(std >= 0)), "normal expects all elements of std >= 0.0")
            out = self.normal(0.0, 1.0, shape, dtype)
            # A tensor without dimensions takes the precision the others are computed in.
            factor = std if std.ndim else std.astype(opmath_of(dtype))
            np.multiply(out, factor, out=out, casting="same_kind")
        else:
            out = self.normal(0.0, std, shape, dtype)
        np.add(out, np.asarray(mean, dtype), out=out, casting="same_kind")
        return out

    def exponential(self, shape: Shape, dtype: DType, lambd: float = 1.0) -> Array:
        """Draw from the exponential distribution of rate `lambd` (``exponential_``).

        Raises RuntimeError unless `lambd` > 0 and `dtype` is a float type.
        Source: native/cpu/DistributionTemplates.h, core/TransformationHelper.h (exponential).

        >>> Generator().manual_seed(0).exponential((2,), np.float32)
        array([3.5083263, 1.2303847], dtype=float32)
        """
        check(lambd > 0, f"exponential_ expects lambda > 0.0, but found lambda={lambd:g}")
        dtype = continuous("Exponential", dtype, 0)
        u = -self._uniform(numel(shape), np.float64)
        # The last ulp of log1p is lost in a conversion to a narrower type.
        logarithm = libm(math.log1p, u) if dtype == np.float64 else np.log1p(u)
        return narrow(-1.0 / lambd * logarithm, dtype).reshape(shape)

    def geometric(self, p: float, shape: Shape, dtype: DType) -> Array:
        """Draw the number of trials up to the first success (``geometric_``).

        Raises RuntimeError unless 0 < `p` < 1.
        Source: core/TransformationHelper.h (geometric).

        >>> Generator().manual_seed(0).geometric(0.3, (2,), np.float32)
        array([1., 1.], dtype=float32)
        """
        check(0 < p < 1, f"geometric_ expects p to be in (0, 1), but got p={p:g}")
        dtype = dispatch("geometric_cpu", dtype, "iuf")
        logarithms = libm(math.log, self._uniform(numel(shape), np.float64))
        return np.ceil(logarithms / math.log1p(-p)).astype(dtype).reshape(shape)

    def cauchy(self, median: float, sigma: float, shape: Shape, dtype: DType) -> Array:
        """Draw from the Cauchy distribution (``cauchy_``).

        Raises RuntimeError unless `sigma` > 0 and `dtype` is a float type.
        Source: core/TransformationHelper.h (cauchy).

        >>> Generator().manual_seed(0).cauchy(0.0, 1.0, (2,), np.float32).shape
        (2,)
        """
        check(sigma > 0, f"cauchy_ expects sigma > 0.0, but found sigma={sigma:g}")
        dtype = continuous("Cauchy", dtype)
        turns = math.pi * (self._uniform(numel(shape), np.float64) - 0.5)
        return narrow(median + sigma * libm(math.tan, turns), dtype).reshape(shape)

    def log_normal(self, mean: float, std: float, shape: Shape, dtype: DType) -> Array:
        """Draw numbers whose logarithm is normal, one by one (``log_normal_``).

        Raises RuntimeError unless `std` > 0 and `dtype` is a float type.
        Source: core/DistributionsHelper.h (lognormal_distribution).

        >>> Generator().manual_seed(0).log_normal(0.0, 1.0, (1,), np.float32)
        array([4.669239], dtype=float32)
        """
        check(std > 0, f"log_normal_ expects std > 0.0, but found std={std:g}")
        dtype = continuous("LogNormal", dtype)
        values = [math.exp(self._normal() * std + mean) for _ in range(numel(shape))]
        return narrow(np.array(values, np.float64), dtype).reshape(shape)

    def poisson(self, rates: Floats) -> Array:
        """Draw a Poisson number for each rate (``poisson``).

        Raises RuntimeError for a negative rate, NotImplementedError unless the rates are floats.
        Source: native/Distributions.cpp (sample_poisson).

        >>> Generator().manual_seed(0).poisson(np.array([3.0, 20.0]))
        array([ 6., 18.])
        """
        dtype = dispatch("poisson_cpu", rates.dtype)
        values = [self._poisson(rate) for rate in rates.ravel().tolist()]
        return np.array(values, np.float64).astype(dtype).reshape(rates.shape)

    def _poisson(self, rate: float) -> int:
        check(rate >= 0, "invalid Poisson rate, expected rate to be non-negative")
        check(rate < math.inf, "invalid Poisson rate, expected rate to be finite")
        if rate == 0:
            return 0
        if rate < 10:
            count, product, least = 0, 1.0, math.exp(-rate)
            while (product := product * float(self._uniform(1, np.float64)[0])) > least:
                count += 1
            return count
        root, logarithm = math.sqrt(rate), math.log(rate)  # Hoermann's transformed rejection, 1993
        b = 0.931 + 2.53 * root
        a = -0.059 + 0.02483 * b
        inverse_alpha = 1.1239 + 1.1328 / (b - 3.4)
        bound = 0.9277 - 3.6224 / (b - 2)
        while True:
            u, v = (float(draw) for draw in self._uniform(2, np.float64))
            u -= 0.5
            us = 0.5 - abs(u)
            if us == 0 or v == 0:
                continue
            count = math.floor((2 * a / us + b) * u + rate + 0.43)
            if us >= 0.07 and v <= bound:
                return count
            if count < 0 or (us < 0.013 and v > us):
                continue
            left = math.log(v) + math.log(inverse_alpha) - math.log(a / (us * us) + b)
            if left <= -rate + count * logarithm - math.lgamma(count + 1.0):
                return count

    def randint(self, low: int, high: int, shape: Shape, dtype: DType = np.int64) -> Array:
        """Draw integers from [`low`, `high`) (``randint``, ``random_`` with bounds).

        A range of 2**28 or more takes words of 64 bits, a smaller one of 32.  Raises ValueError
        for bounds beyond int64, RuntimeError for a range that is empty or that `dtype` lacks.
        Source: native/DistributionTemplates.h (random_from_to_impl), core/DistributionsHelper.h.

        >>> Generator().manual_seed(0).randint(0, 10, (5,))
        array([4, 9, 3, 0, 3])
        """
        dtype = np.dtype(dtype)
        if not -(2**63) <= min(low, high) <= max(low, high) < 2**63:
            raise ValueFault("Overflow when unpacking long long")
        order = "random_ expects 'from'{0} to be less than 'to'{0}, but got from={1} >= to={2}"
        check(low < high, order.format("", low, high))
        kinds = "check_random_bounds handles only integral, floating-point and boolean types"
        check(dtype.kind in "biuf", kinds)
        least, most = bounds(dtype)
        c_name = NAMES[dtype.name][1]
        check(least <= low <= most, f"from is out of bounds for {c_name}")
        check(least <= high - 1 <= most, f"to - 1 is out of bounds for {c_name}")
        if dtype.kind == "f":  # keep out what rounding to dtype would move over a bound
            first, last = (int(np.asarray(v).astype(dtype)) for v in (low + 1, high - 1))
            if first < low:
                low = first + (1 << (abs(low + 1).bit_length() - digits(dtype)))
            if high <= last < 2**63:  # 2**63 itself wraps in the reference, which then keeps high
                high = last - (1 << (abs(high - 1).bit_length() - digits(dtype)))
            check(low < high, order.format(" casted to dtype", low, high))
        n, span = numel(shape), high - low
        words = self._words(n) if span < 2**28 else self.random_uint64(n)
        values = (words % np.uint64(span) + np.uint64(low % 2**64)).view(np.int64)
        return values.astype(dtype, copy=False).reshape(shape)

    def random_(self, shape: Shape, dtype: DType) -> Array:
        """Draw integers from 0 to the largest of `dtype`, or to 2**digits of a float type.

        Raises NotImplementedError for complex types and for uint16, uint32 and uint64.
        Source: core/TransformationHelper.h (uniform_int).

        >>> Generator().manual_seed(0).random_((2,), np.uint8)
        array([172,  47], dtype=uint8)
        """
        dtype, n = dispatch("random_kernel_cpu", dtype, "biuf"), numel(shape)
        most = 2 ** digits(dtype) if dtype.kind == "f" else bounds(dtype)[1]
        words = self.random_uint64(n) if dtype in (np.int64, np.float64) else self._words(n)
        return (words % np.uint64(most + 1)).astype(dtype).reshape(shape)

    def randperm(self, n: int, dtype: DType = np.int64) -> Array:
        """Draw a permutation of the integers below `n`.

        Raises NotImplementedError for bool, complex types, uint16, uint32 and uint64,
        RuntimeError if `n` is negative or more than `dtype` can number.
        Source: native/TensorFactories.cpp (randperm_cpu).

        >>> Generator().manual_seed(0).randperm(5)
        array([4, 0, 1, 3, 2])
        """
        out = np.arange(numel((n,)))
        dtype = dispatch("randperm", dtype, "iuf")
        if dtype.kind == "f":
            most = 2 ** digits(dtype) + 1
            text = most if dtype == np.float16 else f"2^{digits(dtype)}+1"
            check(n <= most, f"n cannot be greater than {text} for {NAMES[dtype.name][0]} type.")
        else:
            name = "int" if dtype == np.int32 else f"{dtype.name}_t"
            overflow = f"value cannot be converted to type {name} without overflow"
            check(n - 1 <= bounds(dtype)[1], overflow)
        if n < (2**32 - 1) // 20:
            partners = self._words(max(n - 1, 0)).view(np.int64) % (n - out[:-1]) + out[:-1]
        else:  # inside out, and with 64 bits for the sake of an even distribution
            partners = (self.random_uint64(n) % (out + 1).view(np.uint64)).view(np.int64)
        view = out.data
        for i, partner in enumerate(partners.data):
            view[i], view[partner] = view[partner], view[i]
        return out.astype(dtype, copy=False)

    def bernoulli(
        self, p: float | Floats, shape: Shape | None = None, dtype: DType | None = None
    ) -> Array:
        """Draw 1 with probability `p`, else 0 (``bernoulli``, ``bernoulli_``, ``dropout``).

        An array `p` gives the default `shape` and `dtype` and is broadcast to `shape`; for a
        number they are () and float32.  An array's draws are of its own precision, a number's
        of double.  Raises RuntimeError unless 0 <= `p` <= 1, NotImplementedError for complex
        types, uint16, uint32 and uint64 and for an array `p` of integers.
        Source: native/cpu/DistributionTemplates.h (bernoulli_kernel).

        >>> Generator().manual_seed(0).bernoulli(0.5, (5,), np.int64)
        array([0, 0, 1, 0, 0])
        """
        if not isinstance(p, np.ndarray):
            check(0 <= p <= 1, f"bernoulli_ expects p to be in [0, 1], but got p={p:g}")
            dtype = dispatch("bernoulli_scalar_cpu_", dtype or np.float32, "biuf")
            shape = shape or ()
            return (self._uniform(numel(shape), np.float64) < p).astype(dtype).reshape(shape)
        dtype = dispatch("bernoulli_tensor_cpu_self_", dtype or p.dtype, "biuf")
        opmath = opmath_of(dispatch("bernoulli_tensor_cpu_p_", p.dtype))
        check(
            bool(((p >= 0) & (p <= 1)).all()),
            "Expected p_in >= 0 && p_in <= 1 to be true, but got false.  (Could this error message "
            "be improved?  If so, please report an enhancement request to PyTorch.)",
        )
        shape = p.shape if shape is None else shape
        draws = self._uniform(numel(shape), opmath)
        return (draws < np.broadcast_to(p, shape).ravel()).astype(dtype).reshape(shape)

    def multinomial(
        self, probs: Floats, num_samples: int, replacement: bool = False
    ) -> npt.NDArray[np.int64]:
        """Draw `num_samples` category numbers by the weights `probs`, or by each row of them.

        Without replacement the categories come in the order of weight / Exp(1), equal quotients
        by number.  The reference orders equal ones as its unstable sort leaves them: this shows
        where weights of 0 must be drawn, in one of about 2**26 pairs of float32 weights and often
        in float16.  Raises RuntimeError for weights or numbers that do not make a distribution.
        Source: native/Distributions.cpp (multinomial_out), native/cpu/MultinomialKernel.cpp.

        >>> Generator().manual_seed(0).multinomial(np.array([1.0, 0.0, 2.0]), 4, True)
        array([2, 2, 2, 2])
        """
        check(0 < probs.ndim <= 2, "prob_dist must be 1 or 2 dim")
        kinds = "multinomial only supports floating-point dtypes for input, got: "
        check(probs.dtype.kind == "f", kinds + NAMES[probs.dtype.name][0])
        check(num_samples > 0, "cannot sample n_sample <= 0 samples")
        rows = np.atleast_2d(probs)
        scarce = "cannot sample n_sample > prob_dist.size(-1) samples without replacement"
        check(replacement or num_samples <= rows.shape[1], scarce)
        check(rows.shape[1] <= 2**24, "number of categories cannot exceed 2^24")
        wrong = rows[~((rows >= 0) & (rows < np.inf))]
        invalid = "probability tensor contains either `inf`, `nan` or element < 0"
        replacement = replacement and num_samples > 1  # one sample takes the other algorithm
        if replacement and wrong.size:
            entry = "= infinity or NaN" if wrong[0] > 0 else "< 0"
            invalid = f"invalid multinomial distribution (encountering probability entry {entry})"
        check(not wrong.size, invalid)
        zero = "invalid multinomial distribution (sum of probabilities <= 0)"
        check(bool((rows > 0).any(axis=1).all()), zero)
        if replacement:
            draws = self._uniform(len(rows) * num_samples, np.float64).reshape(-1, num_samples)
            levels = rows.astype(opmath_of(probs.dtype)).cumsum(axis=1)
            levels /= levels[:, -1:].copy()
            levels[:, -1] = 1
            out = np.empty(draws.shape, np.int64)
            for row, level, draw in zip(out, levels, draws, strict=True):
                row[:] = np.searchsorted(level, draw)
        else:
            quotients = rows / self.exponential(rows.shape, probs.dtype).astype(probs.dtype)
            out = np.argsort(-quotients, axis=1, kind="stable")[:, :num_samples].copy()
        return out.reshape(*probs.shape[:-1], num_samples)
