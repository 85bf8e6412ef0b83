"""Large .npy files are mapped, and nobody can tell: the same arrays, the same errors."""

from __future__ import annotations

import io
import os
from pathlib import Path

import numpy as np
import pytest

from autodiff_cli.errors import InputError, LimitError
from autodiff_cli.ir.context import changed
from autodiff_cli.tables import mapped as module
from autodiff_cli.tables.files import read_array
from autodiff_cli.tables.mapped import mapped

MATRIX = np.array([[1.5, 2.0], [3.0, -4.0]])


def npy(array: np.ndarray) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array, allow_pickle=True)
    return stream.getvalue()


WHOLE = npy(np.arange(1000.0))


@pytest.fixture
def everything_is_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LARGE", 0)


def test_from_a_mebibyte_on(tmp_path: Path) -> None:
    path = str(tmp_path / "x.npy")
    np.save(path, np.zeros(130_000))
    assert mapped(path) is None
    np.save(path, np.arange(132_000.0))
    array = read_array(path)
    assert type(array) is np.ndarray
    assert not array.flags.owndata and not array.flags.writeable
    np.testing.assert_array_equal(array, np.arange(132_000.0))


@pytest.mark.usefixtures("everything_is_large")
@pytest.mark.parametrize("array", [
    MATRIX, np.asfortranarray(MATRIX), MATRIX.astype(">f8"), MATRIX.astype("f2"), MATRIX > 0,
    np.array(2.5), np.zeros((0, 3)), np.zeros((2, 0), ">i4"),
])  # fmt: skip
def test_of_any_layout(tmp_path: Path, array: np.ndarray) -> None:
    np.save(tmp_path / "x.npy", array)
    read = read_array(str(tmp_path / "x.npy"))
    assert read.flags.c_contiguous and read.dtype.isnative and read.shape == array.shape
    np.testing.assert_array_equal(read, array)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("x.npy", b"nonsense"),
        ("x.npy", WHOLE[:500]),
        ("x.npy", WHOLE[:60]),
        ("x.npy", b"\x93NUMPY"),
        ("x.npy", b"\x93NUMPY\x07\x07"),
        ("x.npy", WHOLE.replace(b"(1000,)", b"(-999,)")),
        ("x.npy", WHOLE.replace(b"(1000,), }      ", b"(9999999999,), }")),
        ("x.npy", npy(np.array([{}], dtype=object))),
        ("x.npy", npy(np.zeros(2, "complex64"))),
        ("x.npy", npy(np.zeros(2, "U3"))),
        ("x.npy", npy(np.zeros(2, "i4,f8"))),
        ("x.dat", WHOLE),
        ("x.npz", b"PK\3\4nonsense"),
    ],
)
def test_the_same_errors(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, data: bytes
) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    errors = []
    for large in (1 << 20, 0):
        monkeypatch.setattr(module, "LARGE", large)
        with pytest.raises(InputError) as caught:
            read_array(str(path))
        errors.append((caught.value.message, caught.value.hint))
    assert errors[0] == errors[1] and str(path) in errors[0][0]


@pytest.mark.usefixtures("everything_is_large")
def test_keys_and_limits(tmp_path: Path) -> None:
    path = tmp_path / "x.npy"
    np.save(path, np.zeros(11))
    with pytest.raises(InputError, match="holds one array"):
        read_array(f"{path}:key")
    with (
        changed(max_elements=10),
        pytest.raises(LimitError, match="11 elements; the limit is 10"),
    ):
        read_array(str(path))


@pytest.mark.usefixtures("everything_is_large")
def test_a_header_of_odd_length(tmp_path: Path) -> None:
    """Numbers that don't stand at multiples of their size are read instead."""
    data = WHOLE
    head, body = data[:128], data[128:]
    path = tmp_path / "x.npy"
    path.write_bytes(head[:8] + bytes([len(head) - 10 + 3, 0]) + head[10:-1] + b"   \n" + body)
    np.testing.assert_array_equal(read_array(str(path)), np.arange(1000.0))
    assert mapped(str(path)) is None


@pytest.mark.usefixtures("everything_is_large")
@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="POSIX pipes")
def test_pipes_are_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "x.npy")
    assert mapped(str(tmp_path / "x.npy")) is None


def test_the_file_may_be_replaced_meanwhile(tmp_path: Path) -> None:
    path = tmp_path / "x.npy"
    np.save(path, np.arange(200_000.0))
    array = read_array(str(path))
    np.save(tmp_path / "y.npy", np.zeros(3))
    os.replace(tmp_path / "y.npy", path)
    np.testing.assert_array_equal(array, np.arange(200_000.0))
