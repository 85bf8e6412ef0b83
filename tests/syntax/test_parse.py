"""The grammar: Python's own parser is the judge of precedence, spans and what is an error."""

from __future__ import annotations

import ast
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autodiff_cli.errors import SourceSyntaxError
from autodiff_cli.source import Source
from autodiff_cli.syntax import parse_expression, statements, tree

SIGNS = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.FloorDiv: "//", ast.Mod: "%",
    ast.Pow: "**", ast.MatMult: "@", ast.BitAnd: "&", ast.BitOr: "|", ast.USub: "-", ast.UAdd: "+",
    ast.Invert: "~", ast.Not: "not", ast.Eq: "==", ast.NotEq: "!=", ast.Lt: "<", ast.LtE: "<=",
    ast.Gt: ">", ast.GtE: ">=", ast.In: "in", ast.NotIn: "not in", ast.Is: "is",
    ast.IsNot: "is not",
}  # fmt: skip


def of_python(x: Any) -> Any:
    """Python's tree as nested tuples."""
    match x:
        case None:
            return None
        case ast.Constant():
            return ("literal", type(x.value).__name__, repr(x.value))
        case ast.Name():
            return ("name", x.id)
        case ast.UnaryOp():
            return ("unary", SIGNS[type(x.op)], of_python(x.operand))
        case ast.BinOp():
            return ("binary", SIGNS[type(x.op)], of_python(x.left), of_python(x.right))
        case ast.Compare():
            operands = (x.left, *x.comparators)
            return ("compare", tuple(SIGNS[type(o)] for o in x.ops), *map(of_python, operands))
        case ast.BoolOp():
            sign = "and" if isinstance(x.op, ast.And) else "or"
            result = of_python(x.values[0])
            for value in x.values[1:]:
                result = ("logical", sign, result, of_python(value))
            return result
        case ast.IfExp():
            return ("if", of_python(x.body), of_python(x.test), of_python(x.orelse))
        case ast.Attribute():
            return ("attribute", of_python(x.value), x.attr)
        case ast.Call():
            keywords = tuple(("keyword", k.arg, of_python(k.value)) for k in x.keywords)
            return ("call", of_python(x.func), *map(of_python, x.args), *keywords)
        case ast.Starred():
            return ("spread", of_python(x.value))
        case ast.Subscript():
            return ("subscript", of_python(x.value), of_python(x.slice))
        case ast.Slice():
            return ("slice", of_python(x.lower), of_python(x.upper), of_python(x.step))
        case ast.Tuple():
            return ("tuple", *map(of_python, x.elts))
        case ast.List():
            return ("list", *map(of_python, x.elts))
    raise AssertionError(ast.dump(x))


def of_ours(x: Any) -> Any:
    """Our tree as the same nested tuples."""
    match x:
        case None:
            return None
        case tree.Literal():
            return ("literal", type(x.value).__name__, repr(x.value))
        case tree.Name():
            return ("name", x.id)
        case tree.Unary():
            return ("unary", x.operator, of_ours(x.operand))
        case tree.Binary():
            return ("binary", x.operator, of_ours(x.left), of_ours(x.right))
        case tree.Comparison():
            return ("compare", x.operators, *map(of_ours, x.operands))
        case tree.Logical():
            return ("logical", x.operator, of_ours(x.left), of_ours(x.right))
        case tree.Conditional():
            return ("if", of_ours(x.then), of_ours(x.condition), of_ours(x.otherwise))
        case tree.Attribute():
            return ("attribute", of_ours(x.value), x.name)
        case tree.Call():
            return ("call", of_ours(x.function), *map(of_ours, x.arguments))
        case tree.Keyword():
            return ("keyword", x.name, of_ours(x.value))
        case tree.Spread():
            return ("spread", of_ours(x.value))
        case tree.Subscript():
            return ("subscript", of_ours(x.value), of_ours(x.index))
        case tree.Slice():
            return ("slice", of_ours(x.start), of_ours(x.stop), of_ours(x.step))
        case tree.Sequence():
            return ("tuple" if x.is_tuple else "list", *map(of_ours, x.items))
    raise AssertionError(x)


NAMES = st.sampled_from(["x", "y", "torch", "iffy", "not_", "Nonesuch", "e1", "ß"])
ATOMS = st.one_of(
    NAMES,
    st.integers(0, 10**20).map(str),
    st.floats(0, 1e30).map(repr),
    st.sampled_from(["1.", ".5", "1e-3", "0x1F", "1_000", "True", "None", "...", "inf", "'a'",
                     '"b"', r"'\n\\'", "'c' 'd'", "1E5", "0b101"]),
)  # fmt: skip


def compound(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    spaced = st.sampled_from(["{}{}{}", "{} {} {}"])
    signs = st.sampled_from(
        "+ - * / // % ** @ & | == != < <= > >=".split() + [" and ", " or ", " in ", " not in ",
                                                           " is ", " is not "]
    )  # fmt: skip
    return st.one_of(
        st.builds(lambda f, a, s, b: f.format(a, s, b), spaced, inner, signs, inner),
        st.builds("{}{}".format, st.sampled_from(["-", "+", "~", "not "]), inner),
        inner.map("({})".format),
        st.builds("({}) if {} else ({})".format, inner, inner, inner),
        st.builds("{} if {} else {}".format, inner, inner, inner),
        st.builds("f({}, {}, dim={})".format, inner, inner, inner),
        st.builds("f(*{}, k={},)".format, inner, inner),
        inner.map("({}).sum()".format),
        inner.map("({}).T".format),
        st.builds("x[{}, {}:{}, ::{}, ..., None]".format, inner, inner, inner, inner),
        inner.map("x[{}]".format),
        inner.map("x[:{}]".format),
        st.builds("[{}, {}]".format, inner, inner),
        st.builds("[{},]".format, inner),
        st.builds("({}, {},)".format, inner, inner),
        inner.map("({},)".format),
        st.just("()"),
        st.just("[]"),
    )


EXPRESSIONS = st.recursive(ATOMS, compound, max_leaves=12)


def result(text: str) -> tree.Expression:
    """The tree of an expression's last line."""
    last = parse_expression(Source(text)).body[-1]
    assert isinstance(last, statements.ExpressionStatement)
    return last.value


@given(EXPRESSIONS)
def test_trees_are_pythons(text: str) -> None:
    try:
        expected = of_python(ast.parse(text, mode="eval").body)
    except SyntaxError:
        return
    except (ValueError, OverflowError):
        return
    assert of_ours(result(text)) == expected


@given(EXPRESSIONS)
def test_what_python_refuses_is_refused(text: str) -> None:
    try:
        ast.parse(text, mode="eval")
    except SyntaxError:
        with pytest.raises(SourceSyntaxError):
            parse_expression(Source(text))


@given(st.text("xy12.+-*/()[]=<>,:;'\"^!&|~@ \n", max_size=30))
def test_any_text_gives_a_tree_or_an_error_with_a_place(text: str) -> None:
    source = Source(text)
    try:
        parse_expression(source)
    except SourceSyntaxError as error:
        assert error.span is not None
        assert "^" in error.report()


@given(EXPRESSIONS)
def test_a_span_is_the_text_of_its_tree(text: str) -> None:
    """What a span cuts out parses to the same tree."""
    try:
        pending: list[Any] = [result(text)]
    except SourceSyntaxError:
        return
    while pending:
        node = pending.pop()
        if isinstance(node, (tree.Keyword, tree.Spread)):
            node = node.value
        if isinstance(node, (tree.Binary, tree.Unary, tree.Call, tree.Attribute)):
            cut = text[node.span.start : node.span.end]
            assert of_ours(result(cut)) == of_ours(node)
        for value in vars(node).values():
            pending += [v for v in (value if isinstance(value, tuple) else (value,))
                        if isinstance(v, tree.Tree)]  # fmt: skip


@pytest.mark.parametrize("name", ["unit price", "l [m]", "class", "x", " padded "])
def test_names_in_backticks(name: str) -> None:
    source = Source(f"2*`{name}`")
    result: Any = parse_expression(source).body[-1]
    assert result.value.right.id == name.strip()
    assert source.slice(result.value.right.span) == f"`{name}`"


@pytest.mark.parametrize(
    ("text", "targets"),
    [
        ("y = x+2; z = y*y; z", ["y", "z"]),
        ("y = x\nz = y\n\nz\n", ["y", "z"]),
        (" y = (x +\n 2) # why\n y ; ", ["y"]),
        ("x \\\n + 2", []),
    ],
)
def test_assignments_come_first(text: str, targets: list[str]) -> None:
    body: Any = parse_expression(Source(text)).body
    assert [x.targets[0].id for x in body if isinstance(x, statements.Assign)] == targets


@pytest.mark.parametrize(
    ("text", "message", "hint", "place"),
    [
        ("", "the expression is empty", "type an expression", 0),
        ("x^2", "'^' is not an operator", "**", 1),
        ("2x", "an operator is missing before 'x'", "2*x", 1),
        ("3(x", "was never closed", "add ')'", 1),
        ("(x", "'(' was never closed", "add ')'", 0),
        ("x)", "unmatched ')'", "remove it", 1),
        ("f(x]", "']' does not match '('", "close with ')'", 3),
        ("x+", "the expression ends after '+'", "something must follow", 1),
        (" ;; # 3", "the expression is empty", "type an expression", 7),
        ("x + pass", "'pass' is a keyword", "", 4),
        ("x = = 3", "unexpected '='", "==", 4),
        ("'abc", "unterminated string", "closing '", 0),
        ("x $ 2", "unexpected '$'", "", 2),
        ("import torch; 3", "not a statement", "assignments", 0),
        ("for x in y", "not a statement", "assignments", 0),
        ("007", "leading zeros", "7", 0),
        ("x if y", "'else' is missing", "a if c else b", 5),
        ("x <> 2", "'<>' is not an operator", "!=", 3),
        ("x !y", "unexpected '!'", "not x", 2),
        ("{1}", "unexpected '{'", "[1, 2]", 0),
        ("x − 1", "unexpected '−'", "'-'", 2),
        ("f(a b)", "missing before 'b'", "a(b)", 4),
        ("sin x", "missing before 'x'", "sin(x)", 4),
        ("x += 1; x", "augmented assignment", "x = x + …", 3),
        ("x*2; x*3", "complete on the left", "y = ...", 5),
        ("x*2\n3", "complete on the left", "y = ...", 4),
        ("[i for i in x]", "comprehensions", "tensors", 3),
        ("1j", "complex numbers", "", 1),
        ("1e", "the exponent is missing", "1e-3", 1),
        ("0.5_", "missing before '_'", "0.5*_", 3),
        ("x ? 1 : 2", "unexpected '?'", "a if condition else b", 2),
        ("x && y", "unexpected '&'", "write 'and'", 3),
        ("|x|", "unexpected '|'", "abs(x)", 0),
        ("“x”", "unexpected “", "straight quotes", 0),
        ("`x", "unexpected `", "straight quotes", 0),
        ("x*`.guard`", "`.guard` is not a name", "", 2),
        ("` `", "` ` is not a name", "", 0),
        ("`None`", "`None` is not a name", "", 0),
        ("x²", "'x²' is not a name", "x**2", 0),
        ("lambda x: x", "lambda", "", 0),
    ],
)  # fmt: skip
def test_errors_say_what_to_type(text: str, message: str, hint: str, place: int) -> None:
    with pytest.raises(SourceSyntaxError) as caught:
        parse_expression(Source(text))
    assert message in caught.value.message
    assert hint in (caught.value.hint or "")
    assert caught.value.span is not None and caught.value.span.start == place


N = 20_000


@pytest.mark.parametrize(
    "text",
    ["+".join("x" * N), "(" * N + "x" + ")" * N, "-" * N + "x", "f(" * N + "x" + ")" * N,
     "x" + ".sin()" * N, "[" + "1," * N + "]", "x**" * N + "x", "x if y else " * N + "x",
     "x" + "[0]" * N, "x and " * N + "x", "[" * N + "]" * N],
    ids=["sum", "parentheses", "minuses", "calls", "methods", "list", "powers", "conditionals",
         "subscripts", "ands", "nested lists"],
)  # fmt: skip
def test_long_texts_need_no_recursion(text: str) -> None:
    parse_expression(Source(text))
