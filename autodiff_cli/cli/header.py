"""The columns or keys that the beginning of a file names, without the readers of tables."""

from __future__ import annotations

import csv
import json
from itertools import islice
from zipfile import BadZipFile, ZipFile

from autodiff_cli.cli.words import home

LONGEST = 1 << 20  # characters of a first line


def columns_of(path: str) -> list[str]:
    """The columns of a table, or the keys of arrays or of an object; none if it can't be told quickly.

    Args:
        path: of a .csv, .tsv, .jsonl, .json or .npz file.
    """
    path = home(path)
    kind = path.lower().rpartition(".")[2]
    try:
        if kind == "npz":
            with ZipFile(path) as archive:
                return [name.removesuffix(".npy") for name in archive.namelist()]
        if kind not in ("csv", "tsv", "jsonl", "ndjson", "json"):
            return []
        with open(path, encoding="utf-8-sig", newline="") as file:
            if kind in ("csv", "tsv"):
                lines = iter(lambda: file.readline(LONGEST), "")
                return next(
                    csv.reader(islice(lines, 50), delimiter="," if kind == "csv" else "\t"), []
                )
            record = json.loads(file.read(LONGEST) if kind == "json" else file.readline(LONGEST))
    except (OSError, ValueError, BadZipFile, csv.Error):
        return []
    record = record[0] if isinstance(record, list) and record else record
    return list(record) if isinstance(record, dict) else []
