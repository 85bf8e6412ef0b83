"""What a process behind the wall may still read: where code is imported from, and what goes with it."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import suppress

SYSTEM = (
    "/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib", "/nix/store", "/gnu/store",
    "/etc/ld.so.cache", "/etc/localtime", "/usr/share/zoneinfo", "/dev/null", "/dev/urandom",
    "/sys/devices/system/cpu", "/sys/fs/cgroup/cpu.max", "/proc/sys/vm/overcommit_memory", "/proc/meminfo",
    "/sys/kernel/mm/transparent_hugepage/enabled",
)  # fmt: skip


def libraries() -> Iterator[str]:
    """The folders and files of the interpreter, its packages and the system's libraries."""
    yield from SYSTEM
    for prefix in {sys.prefix, sys.base_prefix, sys.exec_prefix, sys.base_exec_prefix}:
        yield os.path.join(prefix, "lib")
        yield os.path.join(prefix, "lib64")
        yield os.path.join(prefix, "pyvenv.cfg")
    yield os.path.dirname(os.__file__)
    package = os.path.dirname(os.path.dirname(__file__))  # wherever it is imported from
    beside = os.path.dirname(package)
    grammar = os.path.join(beside, "grammar")
    yield package if os.path.isdir(package) else beside  # a zip file
    # Python puts the folder that it was started in, or the script's, before all others: what lies there
    # aren't libraries. Nor is all that lies in a home folder.
    broad = {"", os.sep, os.path.expanduser("~")}
    with suppress(FileNotFoundError):  # it was removed
        broad.add(os.getcwd())
    if os.path.isdir(grammar):  # of a checkout, which an editable install puts into the path
        yield grammar
        broad.add(beside)
    paths = sys.path[0 if sys.flags.safe_path else 1 :]
    paths += os.environ.get("LD_LIBRARY_PATH", "").split(os.pathsep)
    yield from (path for path in paths if path.rstrip(os.sep) not in broad)
