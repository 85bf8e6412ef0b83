# ruff: noqa: E501
"""Texts for fuzz.py: drawn from the grammar, from the tables of names, or known ones that are changed.

A text follows from its kind, number and seed alone.
"""

from __future__ import annotations

import ast
import copy
import json
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

from doors import DOORS

from autodiff_cli.interpret.allowed import (
    ARRAY_ATTRIBUTES,
    ARRAY_METHODS,
    BUILTIN_METHODS,
    DEFINABLE,
    READABLE,
)
from autodiff_cli.interpret.builtins import BUILTINS
from autodiff_cli.interpret.modules import everything
from autodiff_cli.interpret.numpy_names import PARTS, PLAIN, VALUES
from autodiff_cli.interpret.python_modules import PYTHON
from autodiff_cli.interpret.torch_names import TORCH
from autodiff_cli.vocabulary.calls.registry import ATTRIBUTES, FUNCTIONS, METHODS

GOLDEN = Path(__file__).parent / "golden"
INPUTS = {"x": "[1.5, 2.5]", "t": "tensor([0, 1])", "m": "[[1., 2.], [3., 4.]]"}
PREAMBLE = """import torch, math, numpy as np
import torch.nn.functional as F
from torch import nn, linalg, special, optim
x = torch.tensor([1.5, 2.5], requires_grad=True)
t = torch.tensor([0, 1])
m = torch.ones(2, 2, requires_grad=True)
p = nn.Parameter(torch.ones(2))
n = np.ones((2, 2))
"""
TENSORS = (
    "x t m x[0] m.T x.detach() x.double() x.half() x.long() x.bool() ones(2,3) zeros(0) zeros(2,0,3) tensor(2.) "
    "tensor(3) eye(3) ones(2,3,4) ones(1,2,4,4) arange(6.).reshape(2,3) tensor([True,False]) full((2,2),nan) "
    "tensor([inf,-inf]) tensor([2,0,1]) tensor([]).long() ones(()) (x*2) m.exp() ones(3,3).cumsum(0) ones(2,1).expand(2,3)"
).split()
KINDS = {  # by what stands in a signature before the parameter's name
    "Tensor": TENSORS,
    "tuple of Tensors": ["[x, x]", "(m, m)", "[]", "[x]", "[t, x]", "x", "[m, x]"],
    "int": ["0", "1", "2", "-1", "3", "-3", "100"],
    "float": ["0.5", "0.", "1.5", "-1e-3", "inf"],
    "Number": ["0.5", "2", "-1", "0", "True", "1e30", "nan"],
    "bool": ["True", "False"],
    "tuple of ints": ["0", "(0,)", "(0, 1)", "[1]", "()", "(2, 2)", "[-1, 0]", "(1, 2, 3)", "-1"],
    "tuple of floats": ["(0.5, 2.)", "[0.]", "()"],
    "str": ["'mean'", "'none'", "'sum'", "'fro'", "'constant'", "'ij->ji'", "'floor'", "''"],
    "torch.dtype": ["torch.float64", "torch.float16", "torch.int64", "torch.bool", "torch.uint8"],
}
WRONG = (
    "None;-1;0;2;1.5;True;'mean';'';[];();{};...;slice(1);torch.float32;int;float;sin;torch;F;2**64;-2**63;10**30;inf;"
    "nan;1e308;'é';[None];[[1],[2,3]];[x];[t, 1];(lambda z: z);x.shape;range(3);(1, 2);[1, 2];{'a': 1};{1};print;"
    "object();np.ones(2);np.float32(1);math.pi;[x, None];-0.0;99;b'a';nn.Linear(2, 2);iter([1]);Exception('e')"
).split(";")
SIGNS = "+ - * / // % ** @ & | ^ << >> == != < <= > >= in is and or".split() + ["not in", "is not"]
WORDS = "a b f g x t m p n y z torch np math nn F print len range self i e".split()


def text_of(kind: str, number: int, seed: int) -> str:
    """The text of a number: kind is "expression" or "program"."""
    draw = Random(f"{seed} {kind} {number}")
    makers = EXPRESSIONS if kind == "expression" else PROGRAMS
    return draw.choice(makers)(draw)


# ---- names, calls and values -----------------------------------------------------------------------


@cache
def names() -> dict[str, list[str]]:
    """All that can be named: functions, methods, attributes, classes of modules, and words for arguments."""
    library = [
        f"{module}.{name}" for module in [*TORCH, *PYTHON] for name in sorted(everything(module))
    ]
    numpy = [f"np.{name}" for name in sorted(PLAIN | VALUES)]
    numpy += [f"np.{part}.{name}" for part in PARTS for name in sorted(PARTS[part])]
    methods = {name for known in BUILTIN_METHODS.values() for name in known}
    texts = [
        text
        for table in (FUNCTIONS, METHODS)
        for name in table.names()
        for text in table[name].texts
    ]
    words = {word for text in texts for word in re.findall(r"(\w+)(?=,|\)| = )", text)}
    return {
        "function": sorted(FUNCTIONS.names()),
        "method": sorted(METHODS.names()),
        "attribute": sorted([*ATTRIBUTES, *ARRAY_ATTRIBUTES, *ARRAY_METHODS, *methods]),
        "special": sorted(READABLE | {"__class__", "__dict__", "__globals__", "__mro__", "_x"}),
        "library": library + numpy,
        "builtin": sorted(name for name in BUILTINS if name.isidentifier()),
        "word": sorted(word for word in words if not word.isdigit()) + ["out", "key", "zzz"],
        "module": [*TORCH, *PYTHON, "numpy", "os", "subprocess", "no_such_module"],
    }  # fmt: skip


def value(draw: Random, depth: int = 2) -> str:
    """An expression for a value: of a kind that calls take, or of none."""
    way = draw.random()
    if depth <= 0 or way < 0.35:
        return draw.choice(
            draw.choice([TENSORS, TENSORS, WRONG, KINDS["int"], KINDS["tuple of ints"]])
        )
    if way < 0.7:
        return call(draw, depth - 1)
    if way < 0.8:
        return f"({value(draw, depth - 1)} {draw.choice(SIGNS)} {value(draw, depth - 1)})"
    if way < 0.87:
        return f"{value(draw, depth - 1)}[{index(draw, depth - 1)}]"
    if way < 0.93:
        return f"{draw.choice('- ~ + not'.split())} {value(draw, depth - 1)}"
    return draw.choice([
        "[{0} for i in {1}]", "({0} if {1} else {0})", "[{0}, {1}]", "({0},)", "{{{0}: {1}}}", "f'{{{0}!r:>9}}'",
        "(lambda a, *b: {0})({1})", "[*{0}]", "max({0}, {1})", "sorted({0}, key={1})", "{0} < {1} <= {0}",
    ]).format(value(draw, depth - 1), value(draw, depth - 1))  # fmt: skip


def index(draw: Random, depth: int) -> str:
    return draw.choice(
        ["0", "-1", ":", "1:", "::-1", "..., 0", "None", "t", "x > 2", "[0, 1]", "0, 0", ":, None, ::2", "5", "''"]
        + [value(draw, depth)]
    )  # fmt: skip


def call(draw: Random, depth: int) -> str:
    """A call, or a chain of attributes."""
    way = draw.random()
    known = names()
    if way < 0.4:
        name = draw.choice(known["function"])
        return f"{name}({arguments(draw, FUNCTIONS[name].texts, depth)})"
    if way < 0.65:
        name = draw.choice(known["method"])
        texts = [re.sub(r"\bTensor input(, )?", "", text, count=1) for text in METHODS[name].texts]
        return f"{value(draw, depth)}.{name}({arguments(draw, texts, depth)})"
    if way < 0.8:
        name = draw.choice(known[draw.choice(["library", "library", "builtin"])])
        return f"{name}({arguments(draw, [], depth)})"
    chain = "".join(
        f".{draw.choice(known[draw.choice(['attribute', 'attribute', 'method', 'special'])])}"
        + draw.choice(["", "()", f"({arguments(draw, [], depth)})"])
        for _ in range(draw.randint(1, 3))
    )
    return f"({value(draw, depth)}){chain}"


def arguments(draw: Random, signatures: list[str], depth: int) -> str:
    """Arguments for one of the signatures, or for none that is known; some are wrong, too few or too many."""
    texts = [text for text in signatures if text]
    if not texts or draw.random() < 0.1:
        given = [value(draw, depth) for _ in range(draw.choice([0, 1, 1, 1, 2, 2, 3]))]
    else:
        given = []
        for parameter in re.split(
            r", (?![^\[]*\])", draw.choice(texts).partition("(")[2].rstrip(")")
        ):
            found = re.fullmatch(r"(.+?)(?:\[\d+\])?\??(?:\[\d+\])? (\w+)( = .*)?", parameter)
            if found is None:  # a star
                continue
            if found[3] and draw.random() < 0.7:
                continue
            right = KINDS.get(found[1], WRONG) if draw.random() < 0.8 else WRONG
            one = value(draw, depth) if draw.random() < 0.15 else draw.choice(right)
            given.append(f"{found[2]}={one}" if found[3] else one)
    if draw.random() < 0.1:
        given.append(f"{draw.choice(names()['word'])}={value(draw, depth)}")
    if given and draw.random() < 0.05:
        given.pop(draw.randrange(len(given)))
    return ", ".join(given)


def nested(draw: Random) -> str:
    return call(draw, draw.randint(0, 3))


# ---- the grammar -----------------------------------------------------------------------------------


class Grammar:
    """The rules of a grammar, by what they make; each text that follows from them can be drawn."""

    def __init__(self, name: str) -> None:
        from autodiff_cli.syntax.tables import loaded

        lark = loaded(name)
        self.rules: dict[str, list[list[str]]] = {}
        for rule in lark.rules:
            self.rules.setdefault(rule.origin.name, []).append(
                [symbol.name for symbol in rule.expansion]
            )
        self.literals = {t.name: t.pattern.value for t in lark.terminals if t.pattern.type == "str"}
        self.depths = dict.fromkeys(self.rules, 10**6)
        changed = True
        while changed:
            changed = False
            for origin, expansions in self.rules.items():
                depth = 1 + min(map(self.depth, expansions))
                changed = changed or depth < self.depths[origin]
                self.depths[origin] = min(depth, self.depths[origin])

    def depth(self, expansion: list[str]) -> int:
        """How deep the shallowest tree of it is."""
        return max((self.depths.get(symbol, 0) for symbol in expansion), default=0)

    def text(self, draw: Random, start: str, size: int) -> str:
        """A text that the grammar accepts; from so many tokens on it is ended as soon as it can be."""
        self.tokens: list[str] = []
        self._add(draw, start, size)
        lines, indent, line = [], 0, ""
        for token in self.tokens:
            if token == "_NEWLINE":
                lines.append("    " * indent + line)
                line = ""
            elif token in ("_INDENT", "_DEDENT"):
                indent += 1 if token == "_INDENT" else -1
            else:
                line += token if token in ".()[]" or line.endswith((".", "(", "[")) else f" {token}"
        return "\n".join([*lines, line.strip()])

    def _add(self, draw: Random, symbol: str, size: int) -> None:
        if symbol not in self.rules:
            self.tokens.append(self._terminal(draw, symbol))
            return
        expansions = self.rules[symbol]
        if len(self.tokens) >= size or (len(expansions) > 1 and draw.random() < 0.5):
            least = self.depths[symbol] - 1
            expansions = [e for e in expansions if self.depth(e) == least]
        for part in draw.choice(expansions):
            self._add(draw, part, size)

    def _terminal(self, draw: Random, name: str) -> str:
        if name == "NAME":
            before = self.tokens[-1] if self.tokens else ""
            if before == ".":
                return draw.choice(names()[draw.choice(["attribute", "method", "special"])])
            if before in ("import", "from"):
                return draw.choice(names()["module"])
            pool = draw.choice([WORDS, WORDS, names()["function"], names()["builtin"]])
            return draw.choice(pool)
        samples = {
            "INTEGER": ["0", "1", "2", "7", "0x1f", "10_000", "99999999999999999999"],
            "FLOAT": ["0.5", "1e3", "1e400", ".5", "2."],
            "STRING": ["'a'", '""', "f'{x}'", "'''b'''", "f'{x!r:>{t}}'", "r'\\d'", "b'c'"],
            "AUGMENTED": ["+=", "*=", "@=", "//=", "<<="],
            "_SEP": [";"],
        }
        return draw.choice(samples.get(name) or [self.literals.get(name, name)])


grammar = cache(Grammar)


def expression_of_grammar(draw: Random) -> str:
    return grammar("expression").text(draw, "start", draw.randint(1, 40))


def program_of_grammar(draw: Random) -> str:
    statement = grammar("program").text
    return PREAMBLE + "\n".join(
        statement(draw, "_statement", draw.randint(1, 40)) for _ in range(3)
    )


# ---- programs that are made ------------------------------------------------------------------------


def calls(draw: Random) -> str:
    lines = [f"y = {nested(draw)}", "print(y)", f"print({nested(draw)})"]
    if draw.random() < 0.3:
        lines.insert(
            1,
            draw.choice(
                [
                    "y.sum().backward()",
                    "y.backward(y)",
                    "print(y.grad_fn)",
                    f"y {draw.choice('+-*@')}= x",
                ]
            ),
        )
    return PREAMBLE + "\n".join(lines)


def body(draw: Random, depth: int = 2, *, function: bool = True) -> list[str]:
    """Statements: what a function, or any other block, may hold."""
    found: list[str] = []
    for _ in range(draw.randint(1, 3)):
        lines = body(draw, depth - 1, function=function) if depth else ["pass"]
        inner = [f"    {line}" for line in lines]
        looped = [*inner, f"    {draw.choice(['break', 'continue', 'pass', 'pass'])}"]
        one, other = value(draw, 1), value(draw, 1)
        of_functions = [
            [f"return {one}"], [f"yield {one}"], ["yield from g()"], [f"a = yield {one}"], ["nonlocal a"], ["break"],
        ] if function or draw.random() < 0.02 else []  # fmt: skip
        found += draw.choice([
            [f"{draw.choice(WORDS)} = {one}"], [f"print({one})"], [f"{draw.choice('axy')} += {one}"],
            *of_functions,
            [f"x[{index(draw, 0)}] = {one}"], [f"raise {one}"], ["raise"],
            [f"a, *b = {one}"], [f"assert {one}, {other}"], [f"del {draw.choice(WORDS)}"],
            [f"f.{draw.choice(names()['special'])} = {one}"],
            [f"if {one}:", *inner], [f"while {one}:", *looped], [f"for i in {one}:", *looped],
            ["while True:", *looped], ["for i in range(10**9):", *looped],
            [f"with {one} as z:", *inner], ["with torch.no_grad():", *inner],
            ["try:", *inner, f"except {draw.choice(['Exception as e', 'BaseException', 'ValueError', 'x'])}:", *inner],
            ["try:", *inner, "finally:", *inner], ["def g(*a, **b):", *inner], ["class f(A):", *inner],
            ["global y"], [f"import {draw.choice(names()['module'])} as z"],
            [f"from {draw.choice(names()['module'])} import *"], ["print(next(g()))"], ["print(list(g()))"],
        ])  # fmt: skip
    return found


def special_methods(draw: Random) -> str:
    base = draw.choice([
        "", "(nn.Module)", "(Exception)", "(dict)", "(list)", "(str)", "(int)", "(torch.autograd.Function)", "(float)",
        "(tuple)", "(torch.Tensor)", "(set)",
    ])  # fmt: skip
    lines = [f"class A{base}:"]
    for _ in range(draw.randint(1, 4)):
        name = draw.choice([*sorted(DEFINABLE), "forward", "backward", "f"])
        if draw.random() < 0.2:
            lines.append(
                f"    {draw.choice(['@property', '@staticmethod', '@classmethod', '@print', '@functools.cache'])}"
            )
        lines.append(f"    def {name}(self, *a, **k):")
        lines += [f"        {line}" for line in body(draw, 1)]
    uses = [
        "A()", "str(A())", "A() + 1", "1 @ A()", "A()[0]", "len(A())", "[*A()]", "with A() as z: pass", "A() == A()",
        "hash(A())", "A().f()", "x * A()", "torch.add(x, A())", "A.apply(x).sum().backward()", "A()(x)", "f'{A():>3}'",
        "A().q = 1", "del A().q", "bool(A())", "A() in [A()]", "sorted([A(), A()])", "isinstance(x, A)", "raise A()",
        "np.ones(2) * A()", "float(A())", "x[A()]", "A()[0] = 1", "range(A())", "print(A(), sep=A())", "A.__init__(1)",
        "a = A(); a += a", "torch.tensor([A()])", "super(A, A()).__init__()", "dict(A())", "'%s' % A()", "max(A(), A())",
    ]  # fmt: skip
    lines += [f"print(repr({use}))" if use.isascii() and " = " not in use and draw.random() < 0.3 else use
              for use in draw.sample(uses, 3)]  # fmt: skip
    return "import functools\n" + PREAMBLE + "\n".join(lines)


def blocks(draw: Random) -> str:
    lines = [
        "def g(a=1, *b, c=2, **d):",
        *(f"    {line}" for line in body(draw)),
        "class A:",
        "    y = 1",
    ]
    lines += body(draw, function=False)
    lines.append(
        draw.choice(
            ["print(g())", "print(list(g()))", "g(x)", "[*map(g, range(3))]", "print(sum(g()))"]
        )
    )
    return PREAMBLE + "\n".join(lines)


# ---- known texts, changed --------------------------------------------------------------------------


@cache
def known_programs() -> list[str]:
    paths = sorted((GOLDEN / "programs").rglob("*.py"))
    texts = [path.read_text() for path in paths if path.name != "record.py"]
    return [text for text in [*texts, *DOORS.values()] if len(text) < 3000]


@cache
def known_expressions() -> list[str]:
    return sorted({r["expression"] for r in json.loads((GOLDEN / "expressions.json").read_text())})


@cache
def parsed(text: str) -> Any:
    try:
        return ast.parse(text)
    except (SyntaxError, ValueError):
        return None


def changed_program(draw: Random) -> str:
    return changed(draw, known_programs())


def changed_expression(draw: Random) -> str:
    return changed(draw, known_expressions())


def changed(draw: Random, known: list[str]) -> str:
    """A text with parts deleted, doubled, swapped, or taken from another one; of characters if Python can't read it."""
    text, other = draw.choice(known), draw.choice(known)
    if parsed(text) is None or parsed(other) is None or draw.random() < 0.15:
        place, start = draw.randint(0, len(text)), draw.randint(0, len(other))
        piece = other[start : start + draw.randint(0, 12)]
        return text[:place] + piece + text[place + draw.randint(0, 6) :]
    tree = ast.parse(text)
    for _ in range(draw.randint(1, 3)):
        if draw.random() < 0.5:
            _change_statements(draw, tree, parsed(other))
        else:
            _splice(draw, tree, parsed(other))
    try:
        return ast.unparse(ast.fix_missing_locations(tree))
    except (ValueError, TypeError, AttributeError, RecursionError):
        return text


def _change_statements(draw: Random, tree: Any, other: Any) -> None:
    bodies = [
        node.body
        for node in ast.walk(tree)
        if isinstance(getattr(node, "body", None), list) and node.body
    ]
    statements = draw.choice(bodies)
    place = draw.randrange(len(statements))
    way = draw.randrange(4)
    if way == 0 and len(statements) > 1:
        del statements[place]
    elif way == 1:
        statements.insert(place, statements[draw.randrange(len(statements))])
    elif way == 2:
        swapped = draw.randrange(len(statements))
        statements[place], statements[swapped] = statements[swapped], statements[place]
    else:
        drawn = draw.choice([node for node in ast.walk(other) if isinstance(node, ast.stmt)])
        statements.insert(place, copy.deepcopy(drawn))  # the other tree is kept


def _splice(draw: Random, tree: Any, other: Any) -> None:
    """Put an expression, of the text, another one or drawn, in the place of one."""
    places: list[Callable[[ast.expr], None]] = []
    for node in ast.walk(tree):
        for field, part in ast.iter_fields(node):
            if isinstance(part, ast.expr):
                places.append(lambda new, node=node, field=field: setattr(node, field, new))
            elif isinstance(part, list):
                places += [lambda new, part=part, n=n: part.__setitem__(n, new)
                           for n, one in enumerate(part) if isinstance(one, ast.expr)]  # fmt: skip
    if draw.random() < 0.3:
        drawn = parsed(value(draw, 1))
        given = [drawn.body[0].value] if drawn and isinstance(drawn.body[0], ast.Expr) else []
    else:
        given = [
            node
            for node in ast.walk(draw.choice([tree, other]))
            if isinstance(node, ast.expr) and not isinstance(node, (ast.Slice, ast.Starred))
        ]
    if places and given:
        draw.choice(places)(copy.deepcopy(draw.choice(given)))


EXPRESSIONS: list[Callable[[Random], str]] = [
    nested,
    nested,
    nested,
    expression_of_grammar,
    changed_expression,
]
PROGRAMS: list[Callable[[Random], str]] = [
    calls, calls, program_of_grammar, special_methods, blocks, changed_program, changed_program,
]  # fmt: skip
