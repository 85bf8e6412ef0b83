"""What to type instead where an evaluation failed because of the words. Imported only when one has."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from shlex import quote

import click

from autodiff_cli.cli.advice import FILE, PROGRAMS, TABLES, VALUES, mistaken
from autodiff_cli.cli.options import Words
from autodiff_cli.cli.words import NAME
from autodiff_cli.errors import AutodiffError, InputError, NameFault
from autodiff_cli.interpret.advice import unknown_name
from autodiff_cli.interpret.suggest import suggestion, typed
from autodiff_cli.syntax.parse import is_expression
from autodiff_cli.syntax.rewrite import rewritten


def advised(error: AutodiffError, words: Words, command: str) -> Exception:
    """The error with a better hint, or the usage error that it really is.

    Args:
        error: what the evaluation ended in.
        words: as the command was given them.
        command: `eval`, `batch`, `derive` or `run`.
    """
    error.color_mode = words.color  # type: ignore[attr-defined]
    if command != "run":
        instead = _misplaced(error, command, words.expression, words.bindings)
        if instead is not None:
            return click.UsageError(instead, click.get_current_context(silent=True))
    hint = _of_value(error, words) or _of_file(error, words)
    if command == "batch":
        hint = hint or _of_table(error, words)
    if command != "run":
        hint = hint or _of_expression(error, words)
    error.hint = hint or error.hint
    return error


def _misplaced(
    error: AutodiffError, command: str, expression: str, words: Sequence[str]
) -> str | None:
    """What to say if another word than an expression stands first."""
    if expression.startswith("@"):
        return None
    if command == "batch":
        return _misplaced_in_batch(error, expression, words)
    unknown = isinstance(error, NameFault) and f"'{expression}'" in error.message
    if unknown or not NAME.fullmatch(expression):
        bound = any(word.partition("=")[0].strip() == expression for word in words)
        if unknown and (bound or words) and not os.path.isfile(expression):
            return None  # NAME=VALUE words follow: an expression
        return mistaken(expression, words)
    return None


def _misplaced_in_batch(error: AutodiffError, expression: str, words: Sequence[str]) -> str | None:
    if not FILE.fullmatch(expression) and not os.path.isfile(expression):
        return None
    files = [word for word in words if "=" not in word and word != "-"]
    is_text = expression.endswith((".txt", ".expr")) or not expression.endswith((*TABLES, *VALUES))
    if is_text and all(FILE.fullmatch(file) for file in files):
        rest = " ".join(map(quote, (f"@{expression}", *words)))
        return f"'{expression}' is a file: @ reads the expression from it: autodiff batch {rest}"
    first = quote(files[0]) if files else "'x*2'"
    return f"the expression comes first: autodiff batch {first} {expression}"


SEVERAL = re.compile(r"(?P<first>.*?\S)[\s,;]+(?P<second>[^\W\d]\w*\s*=(?!=).+)", re.DOTALL)
DECIMAL_COMMA = re.compile(r"[-+]?(?:\d+|\d{1,3}(?:\.\d{3})+),\d+")
THOUSANDS = re.compile(r"[-+]?\d{1,3}(?:,\d{3})+(?:\.\d+)?")
NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
RANGE = re.compile(r"(-?\d+)\s*(?:\.\.\.?|:|\bto\b)\s*(-?\d+)")
UNIT = re.compile(rf"({NUMBER.pattern})\s*([^\W\d]+|%)")


def _of_value(error: AutodiffError, said: Words) -> str | None:
    """What to write for the value, or the seed, in which the error is."""
    where = "" if error.source is None else error.source.name
    for word in said.bindings:
        name, equals, value = word.partition("=")
        place = f"the value of {name.strip()}"
        if equals and (where == place or f"{place} is" in error.message):
            return _instead_of_value(error, f"{name.strip()}=", value.strip())
    for number, seed in enumerate(said.seeds):
        if where == f"seed {number}" or error.message.startswith(f"seed {number}:"):
            return _instead_of_value(error, "--seed ", seed.strip())
    return None


def _instead_of_value(error: AutodiffError, before: str, value: str) -> str | None:
    """What to write instead of a value that can't be read, as in `x=a.csv`."""
    several = SEVERAL.fullmatch(value)
    if several is not None:
        return f"two inputs are two words: {before}{several['first']} {several['second']}"
    if FILE.fullmatch(value) or os.path.isfile(value):
        return f"write {before}@{value} to read a file"
    if value.startswith(("=", ":")):
        return f"write {before}{value.lstrip('=:').strip()}"
    if value == "-":
        return f"standard input is written @-: {before}@-"
    if re.search(
        r"(?:of type|infer dtype of) (?:builtin_function_or_method|function)", error.message
    ):
        return (
            f"'{value}' is a function; call it: {before}'{value}(3)'"
            if NAME.fullmatch(value)
            else None
        )
    rows = [row.replace(",", " ").split() for row in value.strip("[]").split(";")]
    numbers = all(NUMBER.fullmatch(number) for row in rows for number in row)
    if numbers and (len(rows) > 1 or (" " in value.strip("[] ") and "," not in value)):
        lists = ", ".join(f"[{', '.join(row)}]" for row in rows)
        return f"write {before}'{lists}'" if len(rows) == 1 else f"write {before}'[{lists}]'"
    better = rewritten(value, is_expression) if error.kind == "SyntaxError" else None
    span = RANGE.fullmatch(value)
    if span is not None:
        end = int(span[2]) + 1
        return f"write {before}'arange({span[1]}., {end})', which ends before {end}"
    unit = UNIT.fullmatch(value)
    if unit is not None and unit[2] not in tuple("eEjJ") and "²" not in value:
        number = f"{float(unit[1]) / 100:g}" if unit[2] == "%" else unit[1]
        return f"write the number alone: {before}{number}"
    if better is not None:
        return f"write {before}{quote(better)}"
    if isinstance(error, NameFault) and (error.hint or "").startswith(
        "bind it on the command line"
    ):
        near = suggestion(value, os.listdir()) if "." in value else None
        if near is not None:
            return f"did you mean the file '{near}'? {before}@{near}"
        return f"a value is a number, a list, or a file behind @: {before}3, {before}'[1, 2]', {before}@x.csv"
    return None


def _of_file(error: AutodiffError, said: Words) -> str | None:
    """What to type for a file that doesn't exist."""
    found = re.fullmatch(r"no such file: '(.*)'", error.message)
    if not isinstance(error, InputError) or found is None or error.hint:
        return None
    path = found[1]
    folder, name = os.path.split(path)
    words = said.bindings
    if path in words and re.match(":?=", "".join(words[words.index(path) + 1 :][:1])):
        return f"NAME=VALUE is written without spaces: {path}=3"
    if said.wrt and NAME.fullmatch(path):
        return f"--wrt takes names with commas: --wrt {','.join((*said.wrt, path))}"
    if said.file:
        for suffix in filter(lambda suffix: os.path.isfile(path + suffix), PROGRAMS):
            return f"did you mean '{path}{suffix}'?"
    if path == said.file and not re.fullmatch(r"[\w./-]+", path):
        return f"an expression needs no command: autodiff {' '.join(map(quote, (path, *words)))}"
    try:
        near = _near_file(name, os.listdir(folder or "."))
    except OSError:
        return f"there is no folder '{folder}'" if folder else None
    return f"did you mean '{os.path.join(folder, near)}'?" if near else None


def _near_file(name: str, files: Sequence[str]) -> str | None:
    """The file that was meant: another ending, or nearly the name before it."""
    stem, ending = os.path.splitext(name)
    same = {os.path.splitext(file)[0]: file for file in files if file.endswith(ending)}
    near = suggestion(stem, same) if len(stem) > 2 else None
    return same[near] if near else next((f for f in files if f.startswith(f"{stem}.")), None)


def _of_table(error: AutodiffError, said: Words) -> str | None:
    """What to type for rows that can't be read, or don't have what the expression names."""
    words = said.bindings
    found = re.fullmatch(r"'(.*)' has (?:no|unknown) suffix .*", error.message)
    if found is not None and not os.path.exists(found[1]) and not said.output:
        error.message, error.hint = f"no such file: '{found[1]}'", None
        return _of_file(error, said)
    folder = re.fullmatch(r"'(.*)' is a folder, not a file", error.message)
    if folder is not None and folder[1] in words:
        suffixes = {os.path.splitext(name)[1] for name in os.listdir(folder[1])} & set(TABLES)
        pattern = os.path.join(folder[1], f"*{min(suffixes, default='.csv')}")
        return f"a quoted pattern names its files: {quote(pattern)}"
    unknown = re.fullmatch(r"name '(.*)' is not defined", error.message)
    listed = re.match(r"the columns are (.*); NAME=VALUE", error.hint or "")
    if unknown is not None and listed is not None:
        meant = unknown_name(unknown[1], listed[1].split(", "), called=False)
        if meant.startswith("bind"):
            return None
        meant = meant.partition(", or ")[0]
        return f"{meant}{'' if meant.endswith('?') else ';'} {error.hint}"
    found = re.search(r"the columns are (.*)$|has no column '.*'; it has (.*)$", error.message)
    if found is None:
        return None
    columns = (found[1] or found[2] or "").split(", ")
    if NAME.fullmatch(said.expression):
        return unknown_name(said.expression, columns, called=False)
    for name in re.findall(r"(?<![\w.])[^\W\d]\w*(?!\s*\()\b", said.expression):
        near = suggestion(name, columns)
        if near is not None:
            return f"did you mean {typed(near)}, not '{name}'?"
    return None


def _of_expression(error: AutodiffError, said: Words) -> str | None:
    """What to write for the expression."""
    text, words = said.expression.strip(), said.bindings
    if text == "-":
        return "an expression on standard input is written @-: echo 'x**2' | autodiff @- x=3"
    quoted = re.fullmatch(r"(['\"])([^'\"]*)\1", text)
    if quoted is not None and "bound and not used" in error.message:
        return f"quotes within quotes: autodiff {quote(quoted[2])} {' '.join(map(quote, words))}"
    for word in words:
        text_of_value = re.fullmatch(r"(['\"])(.*)\1", word.partition("=")[2].strip())
        if text_of_value is not None and error.kind == "TypeError":
            name = word.partition("=")[0].strip()
            return f"{name} is text, as it stands in quotes; a number is {name}={text_of_value[2]}"
    unbound = re.match(
        r"(--\w+) names '(.*)', which is not an input; the inputs are (.*)", error.message
    )
    if unbound is not None:
        inputs = unbound[3].split(", ")
        parts = unbound[2].replace(";", " ").split()
        if len(parts) > 1 and set(parts) <= set(inputs):
            return f"names are written with commas: {unbound[1]} {','.join(parts)}"
        near = unknown_name(unbound[2], inputs, called=False)
        return near if near.startswith("did you") else None
    if said.seeds and "does not require grad" in error.message and "rand" in text:
        return f"--seed is a cotangent; random numbers begin with --manual-seed {said.seeds[0]}"
    if "only for scalar outputs" not in error.message:
        return None
    for word in words:
        name, _, value = word.partition("=")
        if THOUSANDS.fullmatch(value.strip()):
            whole = value.replace(",", "")
            return f"{word} was read as several numbers: write {name}={whole}; or {error.hint}"
        if DECIMAL_COMMA.fullmatch(value.strip()):
            decimal = value.replace(".", "").replace(",", ".")
            return f"{word} was read as two numbers; decimals have a point: {name}={decimal}; or {error.hint}"
    thousands = re.search(rf"(?<![\d.,\[(]){THOUSANDS.pattern}(?![\d,])", text)
    if thousands is not None:
        return f"{thousands[0]} was read as several numbers: write {thousands[0].replace(',', '')}"
    extreme = re.match(r"(max|min)\(\s*([\w.]+)\s*,\s*(-?\d+)\s*\)$", text)
    if extreme is not None:
        name, x, bound = extreme.groups()
        side = "min" if name == "max" else "max"
        other = f"relu({x}) or " if name == "max" and bound == "0" else ""
        what = f"{name}({x}, {bound}) is the {name}imum along dimension {bound}, with its index"
        return f"{what}; write {other}clamp({x}, {side}={bound})"
    return None
