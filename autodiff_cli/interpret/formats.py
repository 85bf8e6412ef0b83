"""Texts that programs make of values: f-strings, `str.format`."""

from __future__ import annotations

import string
from typing import Any

from autodiff_cli.interpret.access import attribute
from autodiff_cli.interpret.counting import check_format, check_length
from autodiff_cli.interpret.items import item


def formatted(value: Any, spec: Any = "") -> str:
    """`format(value, spec)`."""
    check_format(spec)
    return format(value, spec)


class Format(string.Formatter):
    """`"…".format(…)`, whose fields reach attributes and items as the rest of the program does."""

    def __init__(self, text: str) -> None:
        self.text = text
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
            value = attribute(value, key) if is_attribute else item(value, key)
        return value, first

    def format_field(self, value: Any, format_spec: str) -> Any:
        text = formatted(value, format_spec)
        self.length += len(text)
        check_length(self.length)
        return text
