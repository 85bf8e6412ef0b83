"""Texts that programs make of values: f-strings, `str.format`."""

from __future__ import annotations

import re
import string
from collections.abc import Callable
from typing import Any

from autodiff_cli.errors import LimitError
from autodiff_cli.interpret.sizes import check_length


def formatted(value: Any, spec: Any = "") -> str:
    """`format(value, spec)`."""
    check_format(spec)
    return format(value, spec)


class Format(string.Formatter):
    """`"…".format(…)`, whose fields reach attributes and items as the rest of the program does.

    Args:
        text: the format.
        attribute, item: find `value.name` and `value[index]`.
    """

    def __init__(
        self,
        text: str,
        attribute: Callable[[Any, str], Any],
        item: Callable[[Any, Any], Any],
    ) -> None:
        self.text = text
        self.attribute = attribute
        self.item = item
        self.length = 0

    def __call__(self, *args: Any, **kwargs: Any) -> str:
        self.length = len(self.text)
        return self.vformat(self.text, args, kwargs)

    def get_value(self, key: Any, args: Any, kwargs: Any) -> Any:
        if isinstance(key, int):
            if key >= len(args):
                raise IndexError(f"Replacement index {key} out of range for positional args tuple")
            return args[key]
        return kwargs[key]

    def get_field(self, field_name: str, args: Any, kwargs: Any) -> Any:
        from _string import formatter_field_name_split  # type: ignore[import-not-found]

        first, rest = formatter_field_name_split(field_name)
        value = self.get_value(first, args, kwargs)
        for is_attribute, key in rest:
            value = self.attribute(value, key) if is_attribute else self.item(value, key)
        return value, first

    def format_field(self, value: Any, format_spec: str) -> Any:
        text = formatted(value, format_spec)
        self.length += len(text)
        check_length(self.length)
        return text


MAX_WIDTH = 10**6  # of a formatted number


def check_format(spec: Any) -> None:
    """Refuse a format with a width or a precision that would fill the memory."""
    if type(spec) is not str or len(spec) < LEAST_DIGITS:
        return
    for digits in re.findall(r"\d+", spec):
        if len(digits) >= LEAST_DIGITS and int(digits[:12]) > MAX_WIDTH:
            raise LimitError(f"a format's width or precision is at most {MAX_WIDTH:,}")


LEAST_DIGITS = len(str(MAX_WIDTH))


def check_percent(template: str | bytes, values: Any) -> None:
    """Refuse a `%`-format with widths or precisions that would fill the memory, its own or those of a `*`."""
    text = template if isinstance(template, str) else template.decode("latin-1")
    given = list(values) if isinstance(values, tuple) else [values]
    total, place = len(text), 0
    for found in FIELD.finditer(text):
        for width in (found["width"], found["precision"]):
            wide: Any = width
            if width == "*":
                wide = given[place] if place < len(given) else 0
                place += 1
            wide = abs(int(wide[:12])) if isinstance(wide, str) and wide else wide
            if isinstance(wide, int):
                total += abs(wide)
                if abs(wide) > MAX_WIDTH:
                    raise LimitError(f"a format's width or precision is at most {MAX_WIDTH:,}")
        if found["kind"] != "%" and found["name"] is None:
            place += 1
    check_length(total)


FIELD = re.compile(
    r"%(?P<name>\([^)]*\))?[#0\- +]*(?P<width>\*|\d*)(?:\.(?P<precision>\*|\d*))?[hlL]?(?P<kind>.)",
    re.S,
)
