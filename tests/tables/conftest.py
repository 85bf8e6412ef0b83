"""The two readers and writers, of which polars may be missing."""

from __future__ import annotations

from pathlib import Path

import pytest

needs_polars = pytest.mark.needs("polars")


@pytest.fixture(params=["plain", pytest.param("polars", marks=needs_polars)])
def engine(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder, so that messages name files without a folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path
