"""The file of a run that can be resumed, FILE.partial, and beside it its state: where they are, and whose."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import BinaryIO

from autodiff_cli.errors import InputError

try:
    import fcntl
except ImportError:  # a system without such locks
    fcntl = None  # type: ignore[assignment]


def places(output: str) -> tuple[str, str]:
    """The unfinished file of an output, and its state."""
    partial = f"{os.path.realpath(output)}.partial"
    return partial, f"{partial}.state"


def locked(partial: str) -> BinaryIO:
    """The unfinished file, open at its end, for one run at a time.

    Raises:
        InputError: another run writes it.
        OSError: it can't be opened.
    """
    while True:
        file = open(partial, "ab", buffering=0)  # noqa: SIM115
        try:
            if fcntl is not None:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # the run that held it may have renamed it in between: then it is that run's output
            if os.path.samestat(os.fstat(file.fileno()), os.stat(partial)):
                return file
        except FileNotFoundError:
            pass
        except BlockingIOError:
            file.close()
            raise InputError(
                f"'{partial}' is being written by another run", hint="wait for its end"
            ) from None
        except BaseException:
            file.close()
            raise
        file.close()


def forget(output: str) -> None:
    """Remove what an interrupted run left, as the output is whole now; not what a run is writing."""
    partial, state = places(output)
    if not (os.path.exists(partial) and os.path.exists(state)):
        return
    with contextlib.suppress(InputError, OSError), locked(partial):
        Path(partial).unlink()
        Path(state).unlink()
