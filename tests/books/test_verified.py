"""Books as tests: what their cells print against what stands there."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autodiff_cli.books.compared import agree, tokens
from autodiff_cli.books.reading import book_of
from autodiff_cli.books.verified import AGREES, DIFFERS, OPEN, verified
from autodiff_cli.program import Session


def session() -> Callable[..., Session]:
    return partial(Session, complain=lambda line: None, implicit=True)


def says(text: str, path: str = "a.txt") -> list[str]:
    return [verdict.says for verdict in verified(book_of(text, path), session())]


@given(st.floats(-1e6, 1e6), st.integers(0, 6))
def test_numbers_agree_to_the_digits_that_are_shown(x: float, digits: int) -> None:
    shown, longer = f"{x:.{digits}f}", f"{x:.{digits + 3}f}"
    assert agree(tokens(shown), tokens(longer)) or digits == 0


@given(st.floats(1, 100), st.integers(1, 5))
def test_numbers_that_differ_in_a_digit_that_both_show_do_not_agree(x: float, digits: int) -> None:
    assert not agree(tokens(f"{x:.{digits}f}"), tokens(f"{x + 3 * 10.0**-digits:.{digits}f}"))


@pytest.mark.parametrize(
    ("stored", "found", "same"),
    [
        ("<A object at 0x7f>", "<A object at 0x1b>", True),
        ("took 3.2 s", "took 0.1 s", True),
        ("tensor([[1.,\n  2.]])", "tensor([[1., 2.]])", True),
        ("x-1", "x - 1", True),
        ("1 row", "2 row", False),
        ("True", "False", False),
        ("nan", "inf", False),
        ("1.5", "-1.5", False),
        ("[0.5000]", "[0.5]", True),
        ("1.8108e-01", "1.8109e-01", True),
        ("1.8108e-01", "1.8108e-02", False),
        ("AddBackward0", "AddBackward1", False),
    ],
)
def test_texts(stored: str, found: str, same: bool) -> None:
    assert agree(tokens(stored), tokens(found)) is same


def test_agreement_and_difference() -> None:
    text = "In [1]:\nx = torch.ones(2)\nx\n\ntensor([1., 1.])\n\nIn [2]:\nx.sum()\n\ntensor(3.)\n\nProse.\n"
    assert says(text) == [AGREES, DIFFERS]
    difference = list(verified(book_of(text, "a.txt"), session()))[1]
    assert (difference.stored, difference.found) == ("tensor(3.)", "tensor(2.)")


def test_random_numbers_without_a_seed_cannot_be_compared() -> None:
    code = "In [1]:\nx = torch.randn(3)\nx\n\ntensor([1., 2., 3.])\n"
    assert says(code) == [OPEN]
    assert says(code.replace("x = ", "torch.manual_seed(0)\nx = ")) == [DIFFERS]
    assert says("In [1]:\ntorch.randn(3).shape\n\ntorch.Size([4])\n") == [DIFFERS]


def test_the_old_form_cannot_be_compared() -> None:
    assert says(
        "In [1]:\ntorch.ones(2)\n\nVariable containing:\n 1\n 1\n[torch.FloatTensor of size 2]\n"
    ) == [OPEN]


def test_what_is_not_shown_cannot_be_compared() -> None:
    assert says("In [1]:\n1 + 1\n\nIn [2]:\nx = 1\n") == [OPEN]


def test_errors_that_the_book_shows() -> None:
    text = (
        "In [1]:\nx = torch.ones(2, requires_grad=True)\nprint(1)\nx.backward()\n\n1\n"
        "RuntimeError                      Traceback (most recent call last)\nCell In[1], line 3\n\n"
        "RuntimeError: grad can be implicitly created only for scalar outputs\n\nIn [2]:\n1 + 1\n\n2\n"
    )
    assert says(text) == [AGREES, AGREES]
    assert says(text.replace("scalar outputs", "others"))[0] == DIFFERS


def test_an_error_that_the_book_does_not_show_differs() -> None:
    assert says("```python\n1 / 0\n```\n", "a.md") == [DIFFERS]


def test_a_prompt_shows_every_expression_as_python_does() -> None:
    assert says(">>> [1, 2]\n[1, 2]\n>>> x = 1\n>>> int\n<class 'int'>\n>>> x\n2\n") == [
        AGREES,
        AGREES,
        DIFFERS,
    ]


def test_a_document_whose_output_is_missing_here_differs() -> None:
    assert says("```python\nx = 1\n```\n\n```text\n1\n```\n", "a.md") == [DIFFERS]
