"""Archives: zipfile and NumPy judge them."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autodiff_cli.tables.archive import Stream, write_archive

MATRIX = np.arange(12, dtype=np.float32).reshape(3, 4)
ARRAYS = {
    "value": MATRIX,
    "grad.x": np.array(0.1),
    "columns": np.asfortranarray(MATRIX),
    "backwards": MATRIX[:, ::-1],
    "repeated": np.broadcast_to(np.float32(2), (70_000, 3)),
    "none": np.zeros((0, 3), np.int64),
    "α.grad": np.array([True, False]),
}


def read_back(data: bytes, arrays: dict[str, np.ndarray]) -> None:
    assert zipfile.ZipFile(io.BytesIO(data)).testzip() is None  # checks each checksum
    with np.load(io.BytesIO(data), allow_pickle=False) as loaded:
        assert list(loaded) == list(arrays)
        for name, array in arrays.items():
            assert (loaded[name].dtype, loaded[name].shape) == (array.dtype, array.shape)
            np.testing.assert_array_equal(loaded[name], array)


def written(arrays: dict[str, np.ndarray], *, seekable: bool = True) -> bytes:
    stream = io.BytesIO()
    write_archive(stream if seekable else Stream(stream.write), arrays)
    return stream.getvalue()


@pytest.mark.parametrize("seekable", [True, False])
def test_read_back(seekable: bool) -> None:
    read_back(written(ARRAYS, seekable=seekable), ARRAYS)
    read_back(written({}, seekable=seekable), {})


def test_the_same_arrays_make_the_same_file(monkeypatch: pytest.MonkeyPatch) -> None:
    data = written(ARRAYS)
    monkeypatch.setattr("time.time", lambda: 2e9)
    assert written(ARRAYS) == data


def test_more_members_than_16_bits_count() -> None:
    arrays = {f"grad.x{number}": np.array(number) for number in range(66_000)}
    with np.load(io.BytesIO(written(arrays))) as loaded:
        assert len(loaded.files) == 66_000 and loaded["grad.x65999"] == 65_999


@given(
    st.sampled_from(["f2", "f4", "f8", "i4", "u1", "?"]),
    st.lists(st.integers(0, 4), max_size=4),
    st.randoms(use_true_random=False),
)
def test_any_layout(dtype: str, shape: list[int], random: object) -> None:
    array = np.arange(np.prod(shape), dtype="f8").astype(dtype).reshape(shape)
    axes = list(range(len(shape)))
    random.shuffle(axes)  # type: ignore[attr-defined]
    read_back(written({"x": array.transpose(axes)}), {"x": array.transpose(axes)})


def test_in_a_file(tmp_path: Path) -> None:
    path = tmp_path / "x.npz"
    with path.open("wb") as file:
        write_archive(file, {"x": np.arange(1_000_000.0)})
    np.testing.assert_array_equal(np.load(path)["x"], np.arange(1_000_000.0))
