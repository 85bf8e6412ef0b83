"""The two readers and writers, of which polars may be missing."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

HAS_POLARS = importlib.util.find_spec("polars") is not None
needs_polars = pytest.mark.skipif(not HAS_POLARS, reason="polars isn't installed")


@pytest.fixture(params=["plain", pytest.param("polars", marks=needs_polars)])
def engine(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder, so that messages name files without a folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path
