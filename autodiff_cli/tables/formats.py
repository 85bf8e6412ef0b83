"""The formats of tables, by suffix or by their first bytes."""

from __future__ import annotations

import os
from typing import NamedTuple

from autodiff_cli.errors import InputError

NAMES = ("csv", "tsv", "jsonl", "npy", "npz", "parquet", "arrow")
TEXT = ("csv", "tsv", "jsonl")
SUFFIXES = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".tab": "tsv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".jsonlines": "jsonl",
    ".npy": "npy",
    ".npz": "npz",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".arrow": "arrow",
    ".feather": "arrow",
    ".ipc": "arrow",
}
JSON = ".json"
COMPRESSIONS = {".gz": "gzip", ".bz2": "bzip2", ".xz": "xz", ".zst": "zstd", ".zstd": "zstd"}
STREAM = b"\xff\xff\xff\xff"  # before the first message of an Arrow IPC stream
MAGIC = (
    (b"\x93NUMPY", "npy"),
    (b"PK\x03\x04", "npz"),
    (b"PAR1", "parquet"),
    (b"ARROW1", "arrow"),
    (STREAM, "arrow"),
)
COMPRESSED = (
    (b"\x1f\x8b", "gzip"),
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ\0", "xz"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
)
LONGEST_MAGIC = 8  # bytes
WORKBOOKS = (".xlsx", ".xls", ".ods")


class Format(NamedTuple):
    """name: one of NAMES; compression: "gzip", "bzip2", "xz", "zstd" or None."""

    name: str
    compression: str | None


def of_path(path: str, format: str | None, option: str = "--format") -> Format:
    """The format of a file by its suffix, or the one that was asked for by an option.

    Raises:
        InputError: neither says it.

    >>> of_path("x.csv.gz", None)
    Format(name='csv', compression='gzip')
    """
    if format is not None and format not in NAMES:
        raise InputError(f"unknown format '{format}'", hint=f"the formats are {', '.join(NAMES)}")
    suffix = suffix_of(path)
    compression = COMPRESSIONS.get(os.path.splitext(path)[1].lower())
    name = format or SUFFIXES.get(suffix)
    if suffix == JSON and option == "--format" and name is None:
        name = "jsonl"  # its objects, a line each
    if name is None:
        what = f"unknown suffix '{suffix}'" if suffix else "no suffix that says its format"
        hint = f"say it: {option} {{{','.join(NAMES)}}}"
        if suffix in WORKBOOKS and option == "--format":
            hint = "a workbook: save the sheet as CSV"
        raise InputError(f"'{path}' has {what}", hint=hint)
    return checked(Format(name, compression), f"'{path}'")


def checked(found: Format, file: str) -> Format:
    """The format, unless it is a compressed one that compresses its own content.

    Raises:
        InputError: it is.
    """
    if found.compression and found.name not in TEXT:
        raise InputError(
            f"{file}: {found.compression} of {found.name} isn't read or written",
            hint="compress text formats; the others compress their own content",
        )
    return found


def seen_as(said: Format, head: bytes, file: str) -> Format:
    """The format of a text file, whose first bytes may show that it is compressed.

    Raises:
        InputError: they show that it is no text.
    """
    for magic, compression in COMPRESSED:
        if head.startswith(magic):
            return said._replace(compression=compression)
    for magic, name in MAGIC:
        if head.startswith(magic):
            what = "an archive or a workbook" if name == "npz" else name
            hint = "save its sheet as CSV" if name == "npz" else f"--format {name}"
            raise InputError(f"{file} is no {said.name}: it begins as {what} does", hint=hint)
    return said


def suffix_of(path: str) -> str:
    """What says the format: the last suffix, or the one before that of a compression."""
    stem, suffix = os.path.splitext(path)
    if suffix.lower() in COMPRESSIONS:
        suffix = os.path.splitext(stem)[1]
    return suffix.lower()


def of_bytes(data: bytes) -> Format:
    """The format that a file's first bytes show; text is CSV unless an object begins.

    >>> of_bytes(b'{"x": 1}')
    Format(name='jsonl', compression=None)
    """
    for magic, compression in COMPRESSED:
        if data.startswith(magic):
            return Format("", compression)
    for magic, name in MAGIC:
        if data.startswith(magic):
            return Format(name, None)
    text = data.removeprefix(b"\xef\xbb\xbf").lstrip()
    if text[:1] in (b"{", b"["):
        return Format("jsonl", None)
    first = text.split(b"\n", 1)[0]
    return Format("tsv" if b"\t" in first and b"," not in first else "csv", None)
