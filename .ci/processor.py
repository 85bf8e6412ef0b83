"""What a run of the tests can pretend of this processor, one a line: see CHOICES.

Kernels are OpenBLAS's (OPENBLAS_CORETYPE), features numpy's (NPY_DISABLE_CPU_FEATURES).
"""

from __future__ import annotations

import ctypes
import platform
import sys

import numpy as np
from numpy._core import _multiarray_umath as umath

from autodiff_cli.threads.blas import loaded_libraries

# The kernels that digits have been seen to differ between, and what each needs of a processor, which OpenBLAS
# doesn't look for.
KERNELS = {
    "x86_64": {
        "Haswell": "AVX2",
        "SkylakeX": "AVX512F",
        "Zen": "AVX2",
        "Sandybridge": "AVX",
        "Nehalem": "SSE42",
        "Prescott": "SSE3",
    },
    "aarch64": {"ARMV8": "ASIMD", "NEOVERSEN1": "ASIMDHP"},
}
WIDE = {"avx512": ("AVX512", "X86_V4"), "avx2": ("AVX512", "X86_V4", "AVX2", "FMA3", "X86_V3")}


def kernels() -> list[str]:
    """The kernels that run here."""
    needs = KERNELS.get(platform.machine(), {})
    return [kernel for kernel, feature in needs.items() if umath.__cpu_features__.get(feature)]


def own() -> str:
    """The kernel that OpenBLAS takes by itself; "" of another library."""
    np.linalg.inv(np.eye(2))
    for path in loaded_libraries():
        library = ctypes.CDLL(path)
        for name in ("scipy_openblas_get_corename64_", "openblas_get_corename"):
            if hasattr(library, name):
                function = getattr(library, name)
                function.restype = ctypes.c_char_p
                return str(function().decode())
    return ""


def others() -> list[str]:
    """The first kernel that isn't the processor's own, nor one that Zen and Haswell have in common."""
    alike = {"zen": "haswell", "cooperlake": "skylakex", "sapphirerapids": "skylakex"}
    taken = own().lower()
    return [k for k in kernels() if k.lower() not in (taken, alike.get(taken), "zen")][:1]


def features(least: str) -> list[str]:
    """What numpy has loops for and this processor runs, from a width on."""
    found = [name for name in umath.__cpu_dispatch__ if name.startswith(WIDE[least])]
    return [name for name in found if umath.__cpu_features__.get(name)]


CHOICES = {
    "kernels": kernels,
    "other-kernel": others,
    "avx512": lambda: features("avx512"),
    "avx2": lambda: features("avx2"),
}

if __name__ == "__main__":
    print(*CHOICES[sys.argv[1]](), sep="\n")
