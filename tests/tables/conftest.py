"""The two readers and writers, of which polars may be missing."""

from __future__ import annotations

from pathlib import Path

import pytest

from autodiff_cli.tables import readers, writers

needs_polars = pytest.mark.needs("polars")


@pytest.fixture(params=["plain", pytest.param("polars", marks=needs_polars)])
def engine(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder, so that messages name files without a folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(params=["plain", pytest.param("auto", marks=needs_polars)])
def engine_of_rows(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """The engine of a whole run, which takes polars where it is installed."""
    if request.param == "plain":
        parser, encoders = readers.parser, writers.encoders
        monkeypatch.setattr(readers, "parser", lambda name, engine: parser(name, "plain"))
        monkeypatch.setattr(writers, "encoders", lambda engine: encoders("plain"))
    return str(request.param)
