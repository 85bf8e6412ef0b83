"""The words that say how a text table is written."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from autodiff_cli.cli.options import option
from autodiff_cli.cli.resources import Computing
from autodiff_cli.errors import InputError

if TYPE_CHECKING:
    from autodiff_cli.tables.dialect import Dialect


class TableWords(Computing):
    """What a command that reads tables computes with, and how they are written."""

    delimiter: str | None = option(
        "--delimiter",
        metavar="CHAR",
        help="Between the fields of CSV, as in --delimiter ';'; tab, or blank for any number of blanks.",
    )
    decimal: str | None = option(
        "--decimal", metavar="CHAR", help="In numbers, a point or a comma: --decimal ,"
    )
    thousands: str | None = option(
        "--thousands", metavar="CHAR", help="Between groups of three digits: --thousands ,"
    )
    na: str | None = option(
        "--na",
        metavar="WORDS",
        help="What stands where a number is missing, with commas between: --na NA,-999.",
    )
    comment: str | None = option(
        "--comment",
        metavar="TEXT",
        help="Lines that begin so are left out: --comment '#'.",
    )
    skip_lines: int = option(
        "--skip-lines",
        type=click.IntRange(min=0),
        default=0,
        metavar="N",
        help="Lines before the header: --skip-lines 2.",
    )
    quote: str | None = option(
        "--quote",
        metavar="CHAR",
        help='Around fields that hold delimiters, as in --quote "\'", or none.  ["]',
    )

    as_numbers: str | None = option(
        "--as-numbers",
        metavar="KINDS",
        help="What counts as a number besides: true and yes as 1, dates as days since 1970-01-01: "
        "--as-numbers bool,date.",
    )

    def dialect(self) -> Dialect | None:
        """How text tables are written; None: as usual.

        Raises:
            UsageError: a value makes no sense.
        """
        from autodiff_cli.tables.dialect import dialect_of

        try:
            return dialect_of(
                delimiter=self.delimiter,
                quote=self.quote,
                decimal=self.decimal,
                thousands=self.thousands,
                na=tuple(word.strip() for word in self.na.split(",")) if self.na else (),
                comment=self.comment,
                skip=self.skip_lines,
                kinds=[kind.strip() for kind in (self.as_numbers or "").split(",") if kind.strip()],
            )
        except InputError as error:
            raise click.UsageError(
                f"{error.message}: {error.hint}" if error.hint else error.message
            ) from None
