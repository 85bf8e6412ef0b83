"""The table of words against what the vocabulary declares, and what a search finds in it."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from autodiff_cli import index
from autodiff_cli.interpret.torch_names import CONSTANTS
from autodiff_cli.ir.dtypes import NAMES as DTYPES
from autodiff_cli.lexicon import entries as module
from autodiff_cli.lexicon.entries import FAMILIES, TENSOR, entries, families, last_part
from autodiff_cli.lexicon.search import found
from autodiff_cli.lexicon.signatures import signatures
from autodiff_cli.vocabulary.calls.registry import FUNCTIONS, METHODS

LISTED = {name for entry in entries() for name in entry.names}


def declared() -> set[str]:
    """Every name of the vocabulary; those of tensors as `Tensor.NAME`."""
    index.import_all()
    names = {name for kind in ("functions", "names") for name in index.modules_of(kind)}
    of_tensors = ("methods", "attributes", "tensor_methods", "tensor_attributes", "tensor_setters")
    names |= {TENSOR + name for kind in of_tensors for name in index.modules_of(kind)}
    return names | {*CONSTANTS} | {*DTYPES}


def covered(name: str) -> bool:
    """Whether a name stands in the table, or goes without saying: `NAME_`, and the method of a function."""
    if name in LISTED:
        return True
    if name.startswith(TENSOR):
        return covered(name.removeprefix(TENSOR))
    return name.endswith("_") and covered(name[:-1])


def test_every_name_has_a_line() -> None:
    """But those that begin with _, which people aren't meant to use."""
    public = [name for name in declared() if last_part(name)[0] != "_"]
    assert sorted(name for name in public if not covered(name)) == []


def test_every_line_is_of_a_name_that_is_declared() -> None:
    assert sorted(LISTED - declared()) == []


def test_no_name_has_two_lines() -> None:
    counts = Counter(name for entry in entries() for name in entry.names)
    assert [name for name, count in counts.items() if count > 1] == []


def test_every_file_is_a_family() -> None:
    files = (Path(module.__file__).parent / "families").iterdir()
    assert sorted(path.name for path in files) == sorted(f"{family}.txt" for family in FAMILIES)
    assert list(families()) == FAMILIES


@pytest.mark.parametrize("table", [FUNCTIONS, METHODS], ids=lambda table: table.kind)
def test_names_of_one_function_have_one_line(table: index.Table[object]) -> None:
    """What is declared as another name of a function stands in the line of that."""
    index.import_all()
    owner = {name: entry.name for entry in entries() for name in entry.names}
    groups: dict[int, set[str]] = {}
    for name in table.names():
        implementations = table[name].implementations  # type: ignore[attr-defined]
        plain = name if name in owner else f"{TENSOR}{name}" if f"{TENSOR}{name}" in owner else ""
        if plain:
            groups.setdefault(id(implementations), set()).add(owner[plain])
    assert [sorted(owners) for owners in groups.values() if len(owners) > 1] == []


@pytest.mark.parametrize("entry", entries(), ids=lambda entry: entry.name)
def test_a_line_says_something(entry: object) -> None:
    from autodiff_cli.lexicon.entries import Entry

    assert isinstance(entry, Entry)
    assert entry.summary and not entry.summary.endswith(".") and entry.search and entry.text
    assert all(
        text.startswith(entry.names[0].replace(TENSOR, "x.")) for text in signatures(entry)[:1]
    )


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("average", "mean"),
        ("norm cdf", "special.ndtr"),
        ("Norm  CDF", "special.ndtr"),
        ("ln", "log"),
        ("inverse tangent", "atan"),
        ("logistic", "sigmoid"),
        ("bce", "F.binary_cross_entropy"),
        ("standard deviation", "std"),
        ("matrix inverse", "inverse"),
        ("least squares", "linalg.lstsq"),
        ("stop gradient", "detach"),
        ("**", "pow"),
        ("arctan", "atan"),
        ("abs_", "abs"),
        ("relu()", "relu"),
        ("torch.nn.functional.mse_loss", "F.mse_loss"),
        ("torch.nn.Linear", "nn.Linear"),
        ("x.view", "Tensor.view"),
        ("x.sum", "sum"),
        ("log(x)", "log"),
        ("nn", "nn.Module"),
        ("torch.nn.init", "nn.init.calculate_gain"),
        ("F.", "F.relu6"),
        ("view", "Tensor.view"),
        ("Adam", "optim.Adam"),
        ("LINEAR", "F.linear"),
    ],
)
def test_a_search_finds_first(query: str, name: str) -> None:
    assert found(query).entries[0].name == name


@pytest.mark.parametrize(
    ("query", "name"), [("sofmax", "softmax"), ("avrage", "mean"), ("sqrrt", "sqrt")]
)
def test_a_typing_error_finds_the_nearest(query: str, name: str) -> None:
    result = found(query)
    assert result.entries[0].name == name and result.nearest


def test_a_name_goes_before_what_it_means_elsewhere() -> None:
    result = found("norm")
    assert result.exact and result.entries[0].name == "norm"
    assert "linalg.norm" in [entry.name for entry in result.entries]


def test_what_several_have_is_no_exact_name() -> None:
    assert not found("grad").exact and len(found("grad").entries) >= 3


def test_several_names_are_all_found() -> None:
    assert [entry.name for entry in found("softmax relu").entries] == ["softmax", "relu"]


@pytest.mark.parametrize("query", ["qqqqqq", "nothingx", "|"])
def test_nothing_is_found(query: str) -> None:
    assert found(query).entries == ()


def test_families_are_found_by_name() -> None:
    for family in FAMILIES:
        result = found(family)
        assert (result.group, result.entries) == (family, families()[family][1])


def test_the_table_imports_neither_numpy_nor_the_vocabulary() -> None:
    code = (
        "import sys; from autodiff_cli.lexicon.search import found; found('ln'); "
        "print(*(m for m in sys.modules if m == 'numpy' or m.startswith('autodiff_cli.vocabulary')))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
