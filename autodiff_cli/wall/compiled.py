"""Byte code of what is imported behind the wall, where it can't be written: made once, before.

Installers that don't compile (and checkouts) leave that to the first import; without this, each start would
do it again.
"""

from __future__ import annotations

import os
import sys

LATE = "vocabulary/distributions"  # a package of ours that only programs import


def _compiled(name: str, package: str, inside: str) -> bool:
    """Whether a package has byte code, or can't have any.

    Args:
        name: of a module that is imported, in whose byte code's place that of the others is.
        package: the folder of a package beside that module, or its own.
        inside: a package in it.
    """
    spec = getattr(sys.modules.get(name), "__spec__", None)
    if spec is None or not spec.cached or not spec.origin:
        return True
    folder = os.path.join(os.path.dirname(os.path.dirname(spec.origin)), package, inside)
    if not os.access(folder, os.W_OK):
        return True
    caches, file = os.path.split(spec.cached)
    beside = os.path.dirname(os.path.dirname(caches))
    return os.path.exists(os.path.join(beside, package, inside, os.path.basename(caches), file))


def compile_first() -> None:
    """Compile this package and what it uses of scipy, unless that is done."""
    if sys.dont_write_bytecode or sys.pycache_prefix:
        return
    if not _compiled("autodiff_cli", "autodiff_cli", LATE):
        import compileall

        compileall.compile_dir(os.path.dirname(os.path.dirname(__file__)), quiet=2)
    if not _compiled("numpy", "scipy", "linalg"):
        from importlib import import_module

        import_module("scipy.linalg")  # which writes it
