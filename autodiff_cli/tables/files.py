"""Reading an input's value from a file.

`.npy` and `.npz` keep their dtype; `.json`, `.csv` and `.txt` are numbers in the default floating dtype.
Nothing is ever unpickled.
"""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np

from autodiff_cli.errors import InputError
from autodiff_cli.ir import dtypes
from autodiff_cli.ir.context import current
from autodiff_cli.ir.node import Array
from autodiff_cli.ir.room import too_many_elements
from autodiff_cli.tables.doors import Door, door, refused
from autodiff_cli.tables.formats import suffix_of
from autodiff_cli.tables.json_numbers import Shapeless, column_of
from autodiff_cli.tables.mapped import mapped

COLUMNS = (
    ".csv",
    ".tsv",
    ".jsonl",
    ".ndjson",
    ".parquet",
    ".arrow",
    ".feather",
)  # of tables, by name
SUFFIXES = (".npy", ".npz", ".json", ".csv", ".tsv", ".txt")
NPY_MAGIC, ZIP_MAGIC = b"\x93NUMPY", b"PK\x03\x04"


def read_text(path: str) -> str:
    """The text of a file, or of standard input for `-`, which may be a terminal.

    Raises:
        InputError: names the file and what is wrong with it.
    """
    return _decoded(_bytes(door(path), typed=True), _called(path))


def read_array(reference: str) -> Array:
    """The array that `FILE`, `FILE:KEY` or `-` holds.

    Raises:
        InputError: the file is missing, empty, corrupt, pickled, or has no such key; by name.
    """
    with np.errstate(all="ignore"):  # what overflows the dtype is infinite, without a warning
        return _read(reference)


def door_of(reference: str) -> Door | None:
    """What `FILE` or `FILE:KEY` is read from; None if nothing is there, as reading it will say."""
    try:
        return door(_split(reference)[0])
    except InputError:
        return None


def _read(reference: str) -> Array:
    path, key = _split(reference)
    name = _called(path)
    suffix = Path(path).suffix.lower()
    if key is not None and suffix_of(path) in COLUMNS:
        return _supported(_column(path, key), name)
    if suffix in SUFFIXES:
        large = mapped(path)
        if large is not None:
            _no_key(key, name)
            return _supported(large, name)
    found = door(path)
    unnamed = found.once and suffix not in SUFFIXES  # a pipe, whose first bytes say what it holds
    if not unnamed and suffix not in SUFFIXES:
        raise InputError(
            f"{name}: unknown format '{suffix}'", hint=f"files end in {', '.join(SUFFIXES)}"
        )
    data = _bytes(found)
    if not data.strip():
        if path == "-":
            raise InputError(
                "nothing on standard input", hint="pipe the data in: autodiff EXPR x=@- < x.csv"
            )
        raise InputError(f"{name} is empty")
    if suffix == ".npz" or data[:4] == ZIP_MAGIC:
        array = _member(_numpy(data, name), key, name)
    elif suffix == ".npy" or data[:6] == NPY_MAGIC:
        _no_key(key, name)
        array = _numpy(data, name)
    elif suffix == ".json" or (unnamed and data.lstrip()[:1] in (b"[", b"{")):
        array = _json(data, key, name)
    else:
        _no_key(key, name)
        array = _table(_decoded(data, name), name)
    return _supported(array, name)


def _decoded(data: bytes, name: str) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{name} is not UTF-8 text (byte {error.start})") from None


def _split(reference: str) -> tuple[str, str | None]:
    if os.path.exists(reference):
        return reference, None
    path, colon, key = reference.rpartition(":")
    return (path, key) if colon and path else (reference, None)


def _called(path: str) -> str:
    return "standard input" if path == "-" else f"'{path}'"


def _spelled(name: str) -> str:
    """How a file is written behind the @."""
    return "-" if name == _called("-") else name.strip("'")


def _bytes(found: Door, typed: bool = False) -> bytes:
    """All that an input holds, which is read once; `typed`: it may be typed at a terminal."""
    if found.number == 0 and (sys.stdin is None or (sys.stdin.isatty() and not typed)):
        where = "closed" if sys.stdin is None else "the terminal"
        raise InputError(
            f"nothing on standard input: it is {where}",
            hint="pipe the data in: autodiff EXPR x=@- < x.csv",
        )
    if found.number == 0:
        return sys.stdin.buffer.read()
    try:
        with found.opened() as file:
            return file.read()
    except OSError as error:
        raise refused(found.path, error) from None


def _numpy(data: bytes, name: str) -> Any:
    if not data.startswith((NPY_MAGIC, ZIP_MAGIC)):
        raise InputError(f"{name} is not a valid NumPy file: it doesn't begin like one")
    try:
        return np.load(io.BytesIO(data), allow_pickle=False)
    except ValueError as error:
        if "allow_pickle" in str(error) or "pickle" in str(error).lower():
            raise InputError(
                f"{name} holds pickled objects, which are never loaded",
                hint="save plain numbers: np.save(path, np.asarray(x, dtype=float))",
            ) from None
        raise InputError(f"{name} is not a valid NumPy file: {_plain(error)}") from None
    except MemoryError:
        raise InputError(f"{name} announces an array that does not fit in memory") from None
    except Exception as error:  # zip, header and end-of-file errors come in many types
        raise InputError(f"{name} is not a valid NumPy file: {_plain(error)}") from None


def _plain(error: Exception) -> str:
    """An error of NumPy's reader in a line, unless it shows Python's insides."""
    text = str(error).split("\n")[0]
    return (
        text if text and " at 0x" not in text and "(" not in text[:1] else "its header is corrupt"
    )


def _member(archive: Any, key: str | None, name: str) -> Array:
    if isinstance(archive, np.ndarray):
        _no_key(key, name)
        return archive
    keys = list(archive.keys())
    if key is None:
        if len(keys) != 1:
            raise InputError(
                f"{name} holds {len(keys)} arrays: {', '.join(keys)}",
                hint=f"say which: @{_spelled(name)}:{keys[0] if keys else 'KEY'}",
            )
        key = keys[0]
    if key not in keys:
        raise InputError(f"{name} has no array '{key}'; it has {', '.join(keys) or 'none'}")
    try:
        array: Array = archive[key]
    except ValueError as error:
        if "pickle" in str(error).lower():
            raise InputError(
                f"'{key}' in {name} holds pickled objects, which are never loaded"
            ) from None
        raise InputError(f"'{key}' in {name} is corrupt: {error}") from None
    except Exception as error:  # a damaged member: zlib, zip or struct errors
        raise InputError(f"'{key}' in {name} is corrupt: {error}") from None
    if not isinstance(array, np.ndarray):  # a member that isn't .npy comes as bytes
        raise InputError(f"'{key}' in {name} is not an array")
    return array


def _no_key(key: str | None, name: str) -> None:
    if key is not None:
        raise InputError(
            f"{name} holds one array; ':{key}' picks from .npz and .json files, and columns of tables"
        )


def _json(data: bytes, key: str | None, name: str) -> Array:
    import orjson

    try:
        value = orjson.loads(data.removeprefix(b"\xef\xbb\xbf"))
    except orjson.JSONDecodeError as error:
        raise InputError(f"{name} is not valid JSON: {error}") from None
    objects = isinstance(value, list) and any(isinstance(entry, dict) for entry in value)
    if key is not None and (objects or isinstance(value, dict)):
        value = _at(value, key, name)
    elif isinstance(value, dict):
        known = ", ".join(map(str, value)) or "none"
        raise InputError(
            f"{name} is an object with the keys {known}",
            hint=f"say which: @{_spelled(name)}:{next(iter(value), 'KEY')}",
        )
    elif key is not None:
        _no_key(key, name)
    values, wrong = column_of([value])
    if wrong:
        what = wrong[0]
        told = what.message if isinstance(what, Shapeless) else f"{what!r} is not a number"
        raise InputError(f"{name}: {told}")
    return np.asarray(values[0], current().dtype.numpy)


def _at(value: object, key: str, name: str) -> object:
    """What stands under a key, or under keys with points between; in each object of a list."""
    if isinstance(value, list):
        return [_at(entry, key, name) for entry in value]
    found, known = value, ""
    if isinstance(found, dict) and key in found:
        return found[key]
    for part in key.split("."):
        if not isinstance(found, dict) or part not in found:
            known = ", ".join(map(str, found)) if isinstance(found, dict) else "none"
            raise InputError(f"{name} has no key '{key}'; it has {known or 'none'}")
        found = found[part]
    return found


def keys_of(path: str) -> list[str]:
    """The names under which a .json or .npz file has values.

    Raises:
        InputError: it can't be read, or isn't an object of such.
    """
    name = _called(path)
    data = _bytes(door(path))
    if data[:4] == ZIP_MAGIC:
        return list(_numpy(data, name).keys())
    import orjson

    try:
        value = orjson.loads(data.removeprefix(b"\xef\xbb\xbf"))
    except orjson.JSONDecodeError as error:
        raise InputError(f"{name} is not valid JSON: {error}") from None
    if not isinstance(value, dict):
        raise InputError(
            f"{name} is no object, whose keys would be names", hint=f"x=@{_spelled(name)} binds it"
        )
    return list(value)


def _column(path: str, key: str) -> Array:
    """A column of a table."""
    from autodiff_cli.tables import readers
    from autodiff_cli.tables.sources import resolved

    parts: list[Array] = []
    for chunk in readers.read(resolved([path]), wanted=[key]):
        if chunk.bad:
            raise chunk.bad[next(iter(chunk.bad))].fault()
        values = chunk.columns[key].values
        if not isinstance(values, np.ndarray) or (parts and parts[0].shape[1:] != values.shape[1:]):
            raise InputError(f"{_called(path)}: the column '{key}' has rows of several shapes")
        parts.append(values)
    whole = np.concatenate(parts) if parts else np.zeros(0)
    text = suffix_of(path) in (".csv", ".tsv", ".jsonl", ".ndjson")
    return whole.astype(current().dtype.numpy) if text else whole


def _table(text: str, name: str) -> Array:
    """Numbers separated by commas, semicolons, tabs or spaces; a first line of words is a header."""
    rows: list[list[float]] = []
    header = True
    for number, line in enumerate(text.splitlines(), 1):
        content = line.split("#", 1)[0].strip()
        if not content:
            continue
        fields = _fields(content)
        try:
            row = [float(field) for field in fields]
        except ValueError:
            if header and all(field[:1].isalpha() or field[:1] == "_" for field in fields):
                header = False
                continue
            bad = next(field for field in fields if not _is_number(field))
            raise InputError(f"{name}, line {number}: '{bad}' is not a number") from None
        header = False
        if rows and len(row) != len(rows[0]):
            raise InputError(
                f"{name}, line {number}: {len(row)} fields, where the lines before have {len(rows[0])}"
            )
        rows.append(row)
    if not rows:
        raise InputError(f"{name} has no numbers")
    array = np.array(rows, dtype=current().dtype.numpy)
    if array.shape[1] == 1:
        return array[:, 0]
    return array[0] if array.shape[0] == 1 else array


def _fields(line: str) -> list[str]:
    for separator in (",", ";", "\t"):
        if separator in line:
            return [field.strip().strip('"') for field in line.split(separator)]
    return [field.strip('"') for field in line.split()]


def _is_number(field: str) -> bool:
    try:
        float(field)
    except ValueError:
        return False
    return True


def _supported(array: Array, name: str) -> Array:
    if array.size > current().max_elements:
        raise too_many_elements(array.shape)
    if array.dtype.newbyteorder("=") not in dtypes.BY_NUMPY:
        known = ", ".join(dtype.name for dtype in dtypes.ALL)
        raise InputError(f"{name} has dtype {array.dtype}; the dtypes here are {known}")
    return np.ascontiguousarray(array, array.dtype.newbyteorder("=")).reshape(array.shape)
