"""The console script, and `python -m autodiff_cli`."""

from __future__ import annotations

import sys


def run() -> None:
    """Run the command line, and exit with its code."""
    try:
        from autodiff_cli.cli.main import main

        code = main()
    except KeyboardInterrupt:  # while modules were being imported
        sys.stderr.write("interrupted\n")
        code = 130
    except BrokenPipeError:
        code = 141
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except BrokenPipeError:
        code = 141
    except OSError:
        code = code or 1
    if not code:
        sys.exit(0)
    # What is left in the buffer can't be written: Python must not try again, and complain.
    if sys.stderr is not None:
        sys.stderr.flush()
    import os

    os._exit(code)


if __name__ == "__main__":
    run()
