"""Inputs from files: every format, and everything that can be wrong with one."""

from __future__ import annotations

import io
import os
import socket
import threading
from pathlib import Path

import numpy as np
import pytest

from autodiff_cli.errors import InputError, LimitError
from autodiff_cli.ir.context import changed
from autodiff_cli.tables.files import read_array, read_text
from autodiff_cli.tables.outputs import ArchiveFile

MATRIX = np.array([[1.5, 2.0], [3.0, -4.0]])


@pytest.mark.parametrize(
    "dtype", ["float16", "float32", "float64", "int64", "int32", "uint8", "bool"]
)
def test_npy_keeps_its_dtype(tmp_path: Path, dtype: str) -> None:
    np.save(tmp_path / "x.npy", MATRIX.astype(dtype))
    array = read_array(str(tmp_path / "x.npy"))
    assert array.dtype == dtype
    np.testing.assert_array_equal(array, MATRIX.astype(dtype))


@pytest.mark.parametrize("array", [np.asfortranarray(MATRIX), MATRIX.astype(">f8"), MATRIX[:, ::-1],
                                   np.array(2.5), np.zeros((0, 3))])  # fmt: skip
def test_npy_of_any_layout(tmp_path: Path, array: np.ndarray) -> None:
    np.save(tmp_path / "x.npy", array)
    read = read_array(str(tmp_path / "x.npy"))
    assert read.flags.c_contiguous and read.dtype.isnative and read.shape == array.shape
    np.testing.assert_array_equal(read, array)


def test_npz_by_key(tmp_path: Path) -> None:
    path = tmp_path / "two.npz"
    np.savez(path, a=MATRIX, b=np.arange(3))
    np.testing.assert_array_equal(read_array(f"{path}:b"), np.arange(3))
    with pytest.raises(InputError, match="holds 2 arrays: a, b"):
        read_array(str(path))
    with pytest.raises(InputError, match="no array 'c'; it has a, b"):
        read_array(f"{path}:c")
    np.savez(tmp_path / "one.npz", a=MATRIX)
    np.testing.assert_array_equal(read_array(str(tmp_path / "one.npz")), MATRIX)


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("x.json", "[[1, 2], [3, 4.5]]", [[1, 2], [3, 4.5]]),
        ("x.json", '[1, "NaN", "-Infinity"]', [1, np.nan, -np.inf]),
        ("x.json", "2.5", 2.5),
        ("x.json", "[]", []),
        ("x.json", "\ufeff[1]", [1]),
        ("x.csv", "1,2\n3,4\n", [[1, 2], [3, 4]]),
        ("x.csv", "a,b\n1,2\n", [1, 2]),
        ("x.csv", "1\r\n2\r\n", [1, 2]),
        ("x.csv", '"1","2"\n"3","4"', [[1, 2], [3, 4]]),
        ("x.csv", "1;2\n3;4", [[1, 2], [3, 4]]),
        ("x.tsv", "1\t2\n3\t4", [[1, 2], [3, 4]]),
        ("x.txt", "# heading\n1 2 # why\n\n3 4\n", [[1, 2], [3, 4]]),
        ("x.txt", "nan\ninf\n-1e-3", [np.nan, np.inf, -1e-3]),
        ("x.csv", "\ufeff1,2", [1, 2]),
    ],
)
def test_text_formats(tmp_path: Path, name: str, text: str, expected: object) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    array = read_array(str(tmp_path / name))
    assert array.dtype == np.float32
    np.testing.assert_array_equal(array, np.array(expected, np.float32))


def pickled() -> bytes:
    stream = io.BytesIO()
    np.save(stream, np.array([{}], dtype=object), allow_pickle=True)
    return stream.getvalue()


def pickled_member() -> bytes:
    stream = io.BytesIO()
    np.savez(stream, x=np.array([{}], dtype=object))
    return stream.getvalue()


def whole_npy() -> bytes:
    stream = io.BytesIO()
    np.save(stream, np.arange(1000.0))
    return stream.getvalue()


def whole_npz() -> bytes:
    stream = io.BytesIO()
    np.savez(stream, x=np.arange(1000.0))
    return stream.getvalue()


def other_dtype(dtype: str) -> bytes:
    stream = io.BytesIO()
    np.save(stream, np.zeros(2, dtype))
    return stream.getvalue()


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("x.npy", b"", "is empty"),
        ("x.csv", b" \n", "is empty"),
        ("x.npy", b"nonsense", "not a valid NumPy file"),
        ("x.npz", b"nonsense", "not a valid NumPy file"),
        ("x.npy", whole_npy()[:500], "not a valid NumPy file"),
        ("x.npz", whole_npz()[:500], "not a valid NumPy file"),
        ("x.npz", whole_npz()[:300] + b"\0" * 40 + whole_npz()[340:], "corrupt"),
        ("x.npy", pickled(), "pickled objects"),
        ("x.npz", pickled_member(), "pickled objects"),
        ("x.npy", other_dtype("complex64"), "dtype complex64"),
        ("x.npy", other_dtype("U3"), "dtype <U3"),
        ("x.npy", other_dtype("i4,f8"), "dtype"),
        ("x.json", b"[1, 2", "not valid JSON"),
        ("x.json", b"[[1], [2, 3]]", "unequal length"),
        ("x.json", b'["a"]', "'a' is not a number"),
        ("x.json", b"[true]", "True is not a number"),
        ("x.json", b"[null]", "None is not a number"),
        ("x.json", b'{"a": [1], "b": [2]}', "keys a, b"),
        ("x.csv", b"1,2\n3\n", "line 2: 1 fields"),
        ("x.csv", b"1,2\n3,x\n", "line 2: 'x' is not a number"),
        ("x.csv", b"a,b\n", "no numbers"),
        ("x.csv", b"1,\xff\n", "not UTF-8"),
        ("x.dat", b"1", "unknown format '.dat'"),
    ],
)  # fmt: skip
def test_bad_files_by_name(tmp_path: Path, name: str, data: bytes, message: str) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(InputError, match=message) as caught:
        read_array(str(path))
    assert str(path) in caught.value.message


def test_values_come_through_any_pipe(tmp_path: Path) -> None:
    array = np.arange(6.0, dtype=np.float32).reshape(2, 3)
    npy, npz = io.BytesIO(), io.BytesIO()
    np.save(npy, array)
    np.savez(npz, k=array, other=array + 1)
    text = b"0,1,2\n3,4,5\n"
    for data, key in [
        (npy.getvalue(), ""),
        (npz.getvalue(), ":k"),
        (b'{"k": [[0,1,2],[3,4,5]]}', ":k"),
        (text, ""),
    ]:
        ours, theirs = os.pipe()
        with open(theirs, "wb") as file:
            file.write(data)
        assert read_array(f"/dev/fd/{ours}{key}").tolist() == array.tolist()
        os.close(ours)
        ends = socket.socketpair()
        with ends[0], ends[1]:
            ends[1].sendall(data)
            ends[1].close()
            assert read_array(f"/dev/fd/{ends[0].fileno()}{key}").tolist() == array.tolist()
    os.mkfifo(tmp_path / "p.csv")
    threading.Thread(target=(tmp_path / "p.csv").write_bytes, args=(text,), daemon=True).start()
    assert read_array(str(tmp_path / "p.csv")).tolist() == array.tolist()


def test_a_text_comes_through_any_pipe() -> None:
    ours, theirs = os.pipe()
    with open(theirs, "wb") as file:
        file.write("\ufeffx**2 # é".encode())
    assert read_text(f"/dev/fd/{ours}") == "x**2 # é"
    os.close(ours)


def test_missing_and_folder(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no such file: .*gone\.npy"):
        read_array(str(tmp_path / "gone.npy"))
    with pytest.raises(InputError, match="is a folder"):
        read_array(str(tmp_path))
    with pytest.raises(InputError, match="no such file"):
        read_text(str(tmp_path / "gone.txt"))


def test_json_object_by_key(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text('{"a": [1], "b": [2, 3]}')
    np.testing.assert_array_equal(read_array(f"{tmp_path / 'x.json'}:b"), [2, 3])
    with pytest.raises(InputError, match="holds one array"):
        (tmp_path / "y.json").write_text("[1]")
        read_array(f"{tmp_path / 'y.json'}:b")


def test_more_elements_than_the_limit(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.zeros(11))
    with (
        changed(max_elements=10),
        pytest.raises(LimitError, match="11 elements; the limit is 10"),
    ):
        read_array(str(tmp_path / "x.npy"))


def test_save_and_read_back(tmp_path: Path) -> None:
    path = tmp_path / "out.npz"
    with ArchiveFile(str(path)) as archive:
        archive.save({"value": MATRIX, "grad.x": np.array(0.1, np.float32)})
    loaded = np.load(path)
    assert sorted(loaded) == ["grad.x", "value"]
    assert loaded["grad.x"] == np.float32(0.1)
    assert [p.name for p in tmp_path.iterdir()] == ["out.npz"]


def test_save_into_a_missing_folder_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="can't be written"):
        ArchiveFile(str(tmp_path / "no" / "out.npz"))
    assert list(tmp_path.iterdir()) == []
