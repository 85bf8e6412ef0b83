"""Normal forms: what is the same is one term, made once."""

from __future__ import annotations

from fractions import Fraction

import pytest

from autodiff_cli.evaluation.derivation import derive
from autodiff_cli.formula.algebra import Algebra
from autodiff_cli.formula.sizes import PRIMES, Sizes
from autodiff_cli.formula.terms import ONE, Factor, Term


@pytest.fixture
def a() -> Algebra:
    return Algebra()


def matrix(a: Algebra, name: str = "A") -> Term:
    return a.leaf(name, (3, 4))


def test_numbers_are_exact(a: Algebra) -> None:
    x = a.leaf("x", ())
    twelfth = a.scaled(x, Fraction(1, 12))
    assert a.scaled(a.scaled(twelfth, 2), 3) is a.scaled(x, Fraction(1, 2))
    root = a.power(a.number(2), Fraction(1, 2))
    assert a.times(root, root) is a.number(2)
    assert a.power(a.number(Fraction(9, 4)), Fraction(-1, 2)) is a.number(Fraction(2, 3))


def test_sums_and_products_are_made_once(a: Algebra) -> None:
    x, y = a.leaf("x", (3,)), a.leaf("y", (3,))
    assert a.plus(x, y) is a.plus(y, x)
    assert a.minus(a.plus(x, y), y) is x
    assert a.minus(x, x) is a.number(0, (3,))
    assert a.times(x, y, a.power(x, -ONE)) is y
    assert a.scaled(a.minus(x, y), -1) is a.minus(y, x)
    double = a.sum([(x, Fraction(2)), (y, Fraction(-2))])
    assert a.times(double, a.power(a.minus(y, x), -ONE)) is a.number(-2, (3,))


def test_what_is_expanded_and_summed_is_counted(a: Algebra) -> None:
    x = a.leaf("x", (3,))
    wide = a.expanded(x, (5, 3))
    assert a.lowered(wide) is x
    assert a.placed(wide, (1, 0), (3,), [5]) is a.scaled(x, 5)


def test_a_transpose_of_a_transpose_is_nothing(a: Algebra) -> None:
    turned = a.placed(matrix(a), (1, 0), (4, 3))
    assert turned is not matrix(a)
    assert a.placed(turned, (1, 0), (3, 4)) is matrix(a)
    assert a.each("exp", [turned]) is a.placed(a.each("exp", [matrix(a)]), (1, 0), (4, 3))


def test_a_unit_matrix_renames_a_label(a: Algebra) -> None:
    eye = a.function("eye", [], (4, 4), n=4)
    product = a.product(
        ONE, [Factor(matrix(a), ONE, (0, 2)), Factor(eye, ONE, (2, 1))], (3, 4), [4]
    )
    assert product is matrix(a)


def test_summed_labels_have_no_names(a: Algebra) -> None:
    x = a.leaf("x", (4,))
    one = a.product(ONE, [Factor(matrix(a), ONE, (0, 1)), Factor(x, ONE, (1,))], (3,), [4])
    factors = [Factor(x, ONE, (2,)), Factor(matrix(a), ONE, (0, 2))]
    assert a.product(ONE, factors, (3,), [1, 4]) is one


@pytest.mark.parametrize("value", [1, 5, 60, 1024])
def test_sizes_are_read_from_products(value: int) -> None:
    n, m = PRIMES[:2]
    sizes = Sizes({"n": n, "m": m})
    assert sizes.name_of(value * n) == (f"{value}*n" if value > 1 else "n")
    assert sizes.name_of(n * m) == "n*m"
    assert sizes.name_of(n - 1) == "n - 1"
    assert sizes.name_of(value) == str(value)


LONG = 3000  # far above the interpreter's recursion limit


@pytest.mark.parametrize(
    ("text", "formula"),
    [
        ("+".join(["x"] * LONG), f"{LONG}*ones_like(x)"),
        ("*".join(["x"] * LONG), f"{LONG}*x**{LONG - 1}"),
        ("+".join(f"sin({k}*x)" for k in range(1, LONG)), None),
        ("".join("x = sin(x); " for _ in range(LONG)) + "x", None),
    ],
    ids=["sum", "product", "terms", "nested"],
)
def test_nothing_recurses(text: str, formula: str | None) -> None:
    derivation = derive(text, {"x": 1.0001})
    assert derivation.call == "" and derivation.left_out == ()
    assert formula is None or derivation.text == formula


def test_a_product_of_sums_has_a_text_as_long_as_it_has_factors() -> None:
    short, long = (
        derive("*".join(f"(x + {k})" for k in range(1, n)), {"x": 1.0001}) for n in (40, 80)
    )
    assert short.call == long.call == ""
    assert len(long.text) < 2.5 * len(short.text)
