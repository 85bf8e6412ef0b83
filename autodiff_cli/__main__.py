"""The console script, and `python -m autodiff_cli`."""

from __future__ import annotations

import sys


def run() -> None:
    """Run the command line, and exit with its code."""
    try:
        from autodiff_cli.startup import hold_threads, settle_streams, use_utf8

        use_utf8()
        settle_streams()
        hold_threads()
        from autodiff_cli.cli.main import main
        from autodiff_cli.wall import wall

        wall.own = True
        code = main()
    except KeyboardInterrupt:  # while modules were being imported
        sys.stderr.write("interrupted\n")
        code = 130
    except BrokenPipeError:
        code = 141
    import atexit

    atexit._run_exitfuncs()
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        code = 141
    except OSError:
        code = code or 1
    sys.stderr.flush()
    import os

    # Without taking the interpreter apart, which costs a sixth of a small evaluation; and what is left in
    # a buffer because it can't be written must not be tried again, with a complaint.
    os._exit(code)


if __name__ == "__main__":
    run()
