"""`autodiff run`: a program in torch syntax, from a file, a notebook or standard input."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from autodiff_cli.cli import paths
from autodiff_cli.cli.commands import Command, bindings_of, show_notices
from autodiff_cli.cli.options import dtype_option, manual_seed_option, quiet_option
from autodiff_cli.cli.resources import PROGRAM_BYTES, limits_of, resources, wall_wanted
from autodiff_cli.cli.words import text_of, value_of
from autodiff_cli.errors import AutodiffError
from autodiff_cli.source import Source

if TYPE_CHECKING:
    from collections.abc import Collection

    from autodiff_cli.inputs import Given
    from autodiff_cli.program import Settings

EPILOG = """\b
Examples:
  autodiff run train.py
  autodiff run book.ipynb
  autodiff run step.py x='[1,2,3]' lr=0.1
  printf 'x = torch.ones(2)\\nx * 2\\n' | autodiff run - --echo

\b
The program is Python, as far as torch's tutorials use it: functions, classes,
loops, try, with torch.no_grad(), f-strings, comprehensions; `import torch`,
`torch.nn`, `torch.optim`, `math`, `numpy` for the names that exist here. Cells
of a notebook run one after the other, and each echoes its last expression.
An error prints the program's traceback on standard error; the exit code is 1.
"""


class RunCommand(Command):
    """A command whose first word is a program."""

    missing = "a FILE is missing, such as train.py, book.ipynb, or - for standard input"


@click.command(
    "run",
    cls=RunCommand,
    epilog=EPILOG,
    context_settings={"max_content_width": 100},
    options_metavar="[OPTIONS]",
)
@click.argument("file", metavar="FILE|-")
@click.argument("bindings", nargs=-1, metavar="[NAME=VALUE]...")
@click.option(
    "--echo",
    is_flag=True,
    help="Print the value of each top-level expression, as the prompt does: … | autodiff run - --echo.",
)
@dtype_option("Default floating dtype")
@manual_seed_option(
    "Seed of the random numbers: --manual-seed 0 is torch.manual_seed(0) at the top."
)
@resources
@quiet_option()
def command(**options: Any) -> int:
    """Run the program in FILE and print what it prints with PyTorch.

    NAME=VALUE binds a variable that the program starts with; a number or a list is a leaf that
    requires grad, as for expressions.
    """
    names = bindings_of(options["bindings"], options["file"])
    limits = limits_of(options)
    if limits.bytes is None:
        limits = limits._replace(bytes=PROGRAM_BYTES)
    wanted = wall_wanted(options)

    from autodiff_cli.cli.apart import supervised
    from autodiff_cli.cli.confining import confine

    with supervised(limits):
        from autodiff_cli.program import Settings

        settings = Settings(
            echo=options["echo"],
            implicit=options["echo"],  # a snippet, as at a prompt where torch is imported
            dtype=options["dtype"],
            manual_seed=options["manual_seed"],
            max_steps=options["max_steps"],
            max_elements=options["max_elements"],
            max_bytes=limits.bytes or PROGRAM_BYTES,
            threads=options["threads"],
        )
        path = options["file"]
        paths.check(paths.doors_of([f"@{path}", *names.values()]), paths.STANDARD_OUTPUT)
        try:
            text = text_of(path, "program")
            given = {name: value_of(value, options) for name, value in names.items()}
            cells = _cells(path, text)
            _check_read(cells, path, names, options["quiet"])
            confine(wanted)
            variables = _variables(given, options)
        except AutodiffError as error:
            from autodiff_cli.cli.failures import advised

            raise advised(error, "run", options) from None
        return _run(cells, path.endswith(".ipynb"), settings, variables)


def _cells(path: str, text: str) -> list[Source]:
    """The program, or the cells of a notebook."""
    if not path.endswith(".ipynb"):
        return [Source(text, "<stdin>" if path == "-" else path)]
    from autodiff_cli.tables.notebooks import code_cells

    return [
        Source(cell, f"{path}, cell {number}")
        for number, cell in enumerate(code_cells(text, path), 1)
    ]


def _check_read(cells: list[Source], path: str, names: Collection[str], quiet: bool) -> None:
    """Say which inputs the program doesn't read; refuse those that it would overwrite."""
    if not names:
        return
    from autodiff_cli.evaluation.notices import unused
    from autodiff_cli.program import unread

    idle = unread(cells, names)
    if idle:
        whole = Source("", "standard input" if path == "-" else path)
        show_notices([unused(idle, whole)], quiet)


def _run(
    cells: list[Source], is_notebook: bool, settings: Settings, variables: dict[str, Any]
) -> int:
    from autodiff_cli.program import run_cells, run_text

    try:
        if is_notebook:
            return run_cells(cells, settings, write=_write, complain=_complain, variables=variables)
        return run_text(cells[0], settings, write=_write, complain=_complain, variables=variables)
    except KeyboardInterrupt:
        _complain("interrupted\n")
        return 130


def _variables(given: dict[str, Given], options: dict[str, Any]) -> dict[str, Any]:
    """The bound inputs, as the tensors that the program starts with."""
    if not given:
        return {}
    from autodiff_cli.inputs import bind_all
    from autodiff_cli.ir import dtypes
    from autodiff_cli.ir.context import changed
    from autodiff_cli.program import variables_of

    dtype = dtypes.NAMES[options["dtype"]]
    with changed(dtype=dtype, max_elements=options["max_elements"]):
        return variables_of(bind_all(given))


def _write(text: str) -> None:
    sys.stdout.write(text)


def _complain(text: str) -> None:
    sys.stdout.flush()  # so that an error stands behind what was printed before it
    sys.stderr.write(text)
