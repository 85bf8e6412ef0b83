"""Calls of everything that the vocabulary declares, with arguments of which some are wrong.

They are drawn from the signatures, so that a new word is called as well. A call is a text in torch's
syntax; `program` makes of it a program that both sides can run.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from inspect import Parameter as Python
from inspect import signature
from typing import Any, NamedTuple

# Tensors by name: ranks, dtypes, sizes that fit each other and others that don't.
TENSORS = {
    "t0": "torch.tensor(2.5)",
    "t1": "torch.tensor([1., 2., 3.])",
    "t2": "torch.tensor([[1., 2., 3.], [4., 5., 7.]])",
    "sq": "torch.tensor([[2., 1., 0.], [1., 3., 1.], [0., 1., 5.]])",
    "t3": "torch.arange(24.).reshape(2, 3, 4)/7+0.1",
    "t4": "torch.arange(32.).reshape(1, 2, 4, 4)/9+0.1",
    "c3": "torch.arange(18.).reshape(2, 3, 3)/7+0.1",
    "v2": "torch.ones(2)",
    "row": "torch.ones(1, 3)",
    "g0": "torch.tensor(2.5, requires_grad=True)",
    "g1": "torch.tensor([1., 2., 3.], requires_grad=True)",
    "g2": "torch.tensor([[1., 2., 3.], [4., 5., 7.]], requires_grad=True)",
    "gsq": "torch.tensor([[2., 1., 0.], [1., 3., 1.], [0., 1., 5.]], requires_grad=True)",
    "g3": "(torch.arange(24.).reshape(2, 3, 4)/7+0.1).requires_grad_()",
    "g4": "(torch.arange(32.).reshape(1, 2, 4, 4)/9+0.1).requires_grad_()",
    "gu": "torch.tensor([0.2, 0.5, 0.7], requires_grad=True)",
}
ODD = {
    "t5": "torch.arange(16.).reshape(1, 2, 2, 2, 2)/9+0.1",
    "g5": "(torch.arange(16.).reshape(1, 2, 2, 2, 2)/9+0.1).requires_grad_()",
    "d1": "torch.tensor([1., 2., 3.], dtype=torch.float64)",
    "h2": "torch.tensor([[1., 2., 3.], [4., 5., 7.]]).half()",
    "i0": "torch.tensor(1)",
    "i1": "torch.tensor([0, 2, 1])",
    "i2": "torch.tensor([[0, 1, 0], [1, 0, 1]])",
    "i3": "torch.tensor([0, 9, -7])",
    "b0": "torch.tensor(True)",
    "b1": "torch.tensor([True, False, True])",
    "b2": "torch.tensor([[True, False, True], [False, True, True]])",
    "u1": "torch.tensor([1, 2, 3], dtype=torch.uint8)",
    "s32": "torch.tensor([1, 2, 3], dtype=torch.int32)",
    "e1": "torch.zeros(0)",
    "e2": "torch.zeros(0, 3)",
    "e20": "torch.zeros(3, 0)",
    "e3": "torch.zeros(2, 0, 4)",
    "ei": "torch.zeros(0, dtype=torch.int64)",
    "one": "torch.ones(1)",
    "one2": "torch.ones(1, 1)",
    "col": "torch.ones(3, 1)",
    "v4": "torch.ones(4)",
    "p2": "torch.tensor([[0.2, 0.3, 0.5], [0.1, 0.1, 0.8]])",
    "x2": "torch.tensor([[1., 2., 3.], [4., 5., 7.]]).t()",
    "ex": "torch.ones(1, 3).expand(2, 3)",
    "ge": "torch.zeros(0, requires_grad=True)",
}
POOL = TENSORS | ODD
LEAVES = tuple(name for name, text in POOL.items() if "requires_grad" in text)
# Tensors that go with one: of its shape.
ALIKE = {
    "t1": "t1 g1 i1 b1 gu d1", "g1": "t1 g1 i1 b1 gu d1", "gu": "t1 g1 i1 b1 gu d1",
    "t2": "t2 g2 b2 i2 h2", "g2": "t2 g2 b2 i2 h2", "sq": "sq gsq t1 t2 x2", "gsq": "sq gsq t1 t2 x2",
}  # fmt: skip

# What is no tensor, by the kind of parameter: good, then bad.
INTS = "0|1|-1|(0, 1)|[0]|(2, 3)|(1,)|2|3|(-1,)|(3, 2)|[1, 1]|6"
WRONG_INTS = (
    "5|-5|(0, 0)|[]|'a'|1.5|None|t1|i0|i1|2**40|(0, 5)|('a',)|(1.5,)|[None]|-1|100|(0, -2)|True|2**70|"
    "[[0]]|((0,),(1,))|(1, 1, 1)|(-1, -1)|(2, -3)|b1"
)
KINDS = {
    "ints": (INTS, WRONG_INTS),
    "int": ("0|1|2|3|-1|-2", WRONG_INTS),
    "bool": ("True|False", "1|'a'|None|0.5|[]|t1"),
    "float": (
        "0.5|2.|1|0|-1.5|1e-5",
        "'a'|None|float('nan')|float('inf')|t0|g0|t1|[1]|True|2**70|-1|1e400|i0|(0.1, 0.2)|10**400",
    ),
    "str": ("'mean'|'sum'|'none'", "'a'|''|1|None|[]|t1|True|'MEAN'"),
    "dtype": (
        "torch.float64|torch.int64|torch.bool|float|int|None",
        "'float32'|1|str|torch.strided|t1",
    ),
    "tensors": (
        "[t2, t2]|(g1,)|[g2, t2, g2]|[t1, g1]|(sq, gsq)|[t3]",
        "[]|()|t1|t2|[1]|[None]|[t1, 1]|None|'a'|1|[[t1]]|[t0, t0]|[t2, t1]|[e1, t2]|[i1, t1]",
    ),
    "other": ("0|1|0.5", "'a'|None|[]"),
}
JUNK = (
    "None|'a'|[]|()|1|-1|2.5|True|[1, 2]|(0, 0)|t1|torch.float32|{}|2**40|1e30|float('nan')|[t1, t1]|"
    "[None]|['a']|torch.sin|-100|0"
).split("|")
# What a parameter of this name takes, wherever it stands.
NAMED = {
    "equation": "'ij,jk->ik'|'i,i->'|'ii'|'ij,j'|'...i->...'|'->'|''|'ij->k'|'i->ii'|'1'|'Ii'|t1|None|1",
    "mode": "'constant'|'nearest'|'reduced'|'complete'|'a'|''|None|1",
    "rounding_mode": "'floor'|'trunc'|None|'a'|1",
    "indexing": "'ij'|'xy'|'a'|None|1",
    "approximate": "'none'|'tanh'|'a'|1",
    "UPLO": "'L'|'U'|'a'|1",
    "ord": "2|1|'fro'|'nuc'|float('inf')|-2|0|0.5|'a'|None|3",
    "p": "2|1|0|'fro'|float('inf')|0.5|-1|'a'|None|2.|t0",
    "interpolation": "'linear'|'lower'|'a'|None|1",
    "side": "'left'|'right'|'a'|1",
    "device": "'cpu'|'cuda'|'a'|None|1.5",
    "dim": "0|1|-1|None|2|5|-5|(0, 1)|[]|'a'|1.5|(0, 0)",
    "kernel_size": "2|1|(2, 1)|0|-1|5|(1,)|(1, 1, 1)|'a'|None|1.5|[]|100|t1",
    "stride": "1|2|None|0|-1|(1, 2)|(1, 2, 3)|[]|'a'|1.5",
    "padding": "0|1|'same'|'valid'|-1|5|(0, 1)|(1, 1, 1)|'a'|None|1.5",
    "dilation": "1|2|0|-1|(1, 2)|'a'",
    "groups": "1|2|0|-1|3|'a'|None",
    "output_size": "1|2|(2, 2)|(None, 2)|0|-1|None|(1, 2, 3)|'a'|1.5",
    "num_classes": "-1|3|1|0|'a'|2.5|None",
    "num_groups": "1|2|3|0|-1|'a'",
    "normalized_shape": "(3,)|[3]|(2, 3)|(4,)|3|()|None|'a'|(0,)|-1",
    "pad": "(1, 1)|(1, 1, 1, 1)|(0,)|(1,)|(-1, -1)|(-5, 0)|()|1|None|'a'|(1, 1, 1)",
    "size": "2|(2, 3)|3|(1, 6)|(-1,)|(0,)|(2, -1)|None|4|'a'|1.5|(-2, 3)|i0|t0|[]|()",
    "scale_factor": "2|0.5|None|0|(2, 2)|(1, 2, 3)|'a'",
    "index": "i0|i1|i2|i3|t1|b1|ei|0|None|'a'|[0]|s32|u1",
    "indices": "i1|i2|(i1,)|[i1, i1]|[b1]|(b2,)|[None, i1]|(t1,)|None|[]|i3|[i3]|2|(1, 2)|0|'a'|[1]",
    "mask": "b0|b1|b2|i1|t1|None|True|'a'",
    "condition": "b1|b2|i1|t1|True|None|b0",
    "target": "i1|i0|i2|t1|t2|g1|g2|b1|None|i3|p2|t0|t3|ei|u1|s32|1",
    "repeats": "2|i1|(2, 3)|0|-1|t1|None|(2,)|(-1, 2)|[]|i2|'a'|i3",
    "sections": "2|3|0|-1|(1, 2)|5|None|'a'",
    "split_size_or_sections": "1|2|[1, 2]|[1, 1]|0|-1|None|'a'|[]|1.5|(3, -1)|i0",
    "q": "0.5|0|1|-1|2|t0|t1|gu|t2|'a'|None|float('nan')",
    "n": "0|1|2|-1|-3|5|1.5|'a'|None|100",
    "k": "0|1|2|-1|5|'a'|None|(0, 1)",
    "dims": "0|1|2|(0, 1)|(1, 0)|([0], [0])|([1], [0])|([0], [5])|([0], [0, 1])|-1|3|(0, 0)|None|'a'|[]",
    "sizes": "(1, 3)|(3, 1)|[2]|(-1, 1)|3|None|('a', 1)|()|(0, -1)|(2, 2)",
    "fill_value": "0|1.5|True|'a'|None|t0|t1|g0|2**70",
    "out": "t1|t2|None|1",
    "generator": "None|1|'a'",
    "memory_format": "torch.contiguous_format|torch.preserve_format|'a'|1",
    "chunks": "1|2|0|-1|100|'a'|1.5",
}  # fmt: skip
BY_TENSOR = {"index", "target", "mask", "condition", "q", "repeats"}  # also where a tensor is due
# Left out: what they give depends on memory or on a seed, or nothing but a name.
SKIPPED = {
    "seed", "initial_seed", "manual_seed", "empty", "empty_like", "new_empty", "typename", "device", "finfo",
    "iinfo", "cpu", "numpy", "data_ptr", "backward", "register_hook", "retain_grad",
    "register_post_accumulate_grad_hook", "apply_", "poisson", "multinomial", "normal", "bernoulli", "rand",
    "randn", "randint", "randperm", "rand_like", "randn_like", "randint_like",
}  # fmt: skip
WITHOUT_EFFECT = {"layout", "pin_memory", "non_blocking", "_stacklevel", "implicit"}
KIND_OF = {
    "Tensor": "tensor", "tuple of Tensors": "tensors", "tuple of ints": "ints", "int": "int", "bool": "bool",
    "float": "float", "Number": "float", "str": "str", "torch.dtype": "dtype", "tuple of floats": "ints",
}  # fmt: skip
INDICES = (
    "0|-1|5|-7|:|1:|::2|::-1|::0|...|None|True|False|i0|i1|i3|b1|b2|t1|'a'|1.5|[0, 1]|[0, 9]|[]|(0, 1)|b0|ei|"
    "i2|[True, False]|0:'a'|1.5:|t0:|i0:|i1:|2**70|u1|s32|[[0, 1]]|['a']|[None]|{}|e1|[b1]|[1.5]"
).split("|")
OPERATORS = "+ - * / // % ** @ & | ^ << >> < <= == !=".split()
USED = re.compile(rf"(?<![\w.'])({'|'.join(POOL)})(?![\w'=])")

# Runs after the call: first and second derivatives of what it gave.
FOLLOW = """
def flat(r):
    if isinstance(r, torch.Tensor): return [r]
    if isinstance(r, (list, tuple)): return [t for e in r for t in flat(e)]
    return []
def follow(r, leaves):
    outs = [o for o in flat(r) if o.requires_grad and o.is_floating_point()]
    leaves = [l for l in leaves if l.is_leaf]
    if not outs or not leaves: return
    total = sum([(o * o).sum() for o in outs])
    grads = torch.autograd.grad(total, leaves, create_graph=True, allow_unused=True)
    more = [g for g in grads if g is not None and g.requires_grad]
    if more:
        torch.autograd.grad(sum([(g * g).sum() for g in more]), leaves, allow_unused=True)
"""


def program(call: str) -> str:
    """A program that makes the call and differentiates what it gives twice."""
    names = list(dict.fromkeys(USED.findall(call)))
    lines = [f"{name} = {POOL[name]}" for name in names]
    leaves = ", ".join(name for name in names if name in LEAVES)
    return "\n".join([*lines, f"follow({call}, [{leaves}])"])


class Taken(NamedTuple):
    """A parameter: its name, kind, and whether it may be left out or must be named."""

    name: str
    kind: str
    optional: bool
    keyword: bool


def _of_text(text: str) -> list[Taken]:
    from autodiff_cli.vocabulary.calls.parameters import Parameter

    inside = text.partition("(")[2].rpartition(")")[0]
    found, keyword = [], False
    for part in inside.split(", ") if inside else []:
        if part == "*":
            keyword = True
            continue
        declared = Parameter.parse(part, "f", 0, keyword)
        kind = KIND_OF.get(declared.kind.name, "other")
        found.append(Taken(declared.name, kind, declared.optional, keyword))
    return found


def _of_python(function: Any) -> list[Taken]:
    found = []
    for entry in signature(function).parameters.values():
        annotation = str(entry.annotation)
        kind = next(
            (
                kind
                for word, kind in (
                    ("Node", "tensor"), ("bool", "bool"), ("str", "str"), ("Sequence", "ints"),
                    ("int", "int"), ("float", "float"), ("Number", "float"),
                )
                if word in annotation
            ),
            "other",
        )  # fmt: skip
        if entry.kind is Python.VAR_POSITIONAL:
            kind = "any"
        if entry.kind is not Python.VAR_KEYWORD:
            optional = entry.default is not Python.empty
            found.append(Taken(entry.name, kind, optional, entry.kind is Python.KEYWORD_ONLY))
    return found


class Draw:
    """Draws arguments, the same ones for the same seed."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def tensor(self) -> str:
        return self.random.choice([*(TENSORS if self.random.random() < 0.72 else ODD)])

    def argument(self, taken: Taken, first: str) -> str:
        chance = self.random.random()
        if chance < 0.05:
            return self.random.choice(JUNK)
        if chance < 0.08 and taken.kind != "tensor":
            return self.tensor()
        if taken.name in NAMED and (taken.kind != "tensor" or taken.name in BY_TENSOR):
            return self.random.choice(NAMED[taken.name].split("|"))
        if taken.kind == "tensor":
            if first and self.random.random() < 0.5:
                return self.random.choice(ALIKE[first].split() if first in ALIKE else [first])
            return self.tensor()
        good, bad = KINDS[taken.kind]
        return self.random.choice((good if self.random.random() < 0.6 else bad).split("|"))

    def arguments(self, parameters: list[Taken]) -> str:
        """The text between a call's parentheses."""
        given: list[str] = []
        named, first = False, ""
        drops = self.random.random() < 0.03
        for taken in parameters:
            if taken.name in WITHOUT_EFFECT:
                continue
            often = 0.95 if taken.name in ("out", "generator", "device") else 0.55
            chance = self.random.random()
            if chance < (often if taken.optional else 0.5 * drops):
                named = True
            elif taken.kind == "any":
                if not named:
                    count = self.random.choice([0, 1, 1, 2, 2, 3])
                    given += [
                        self.tensor() if self.random.random() < 0.6 else self.random.choice(JUNK)
                        for _ in range(count)
                    ]
            else:
                value = self.argument(taken, first)
                first = first or (value if taken.kind == "tensor" else "")
                given.append(f"{taken.name}={value}" if named or taken.keyword else value)
        if self.random.random() < 0.01:
            given.append("zzz=1")
        return ", ".join(given)

    def index(self) -> str:
        count = self.random.choice([1, 1, 1, 2, 2, 3, 4])
        return ", ".join(self.random.choice(INDICES) for _ in range(count))


def drawn(count: int, seed: int) -> Iterator[str]:
    """So many calls of each function, method and in-place form, and of operators and indices."""
    from autodiff_cli.vocabulary.calls.registry import FUNCTIONS, METHODS, Function

    draw = Draw(seed)

    def parameters(function: Function) -> list[Taken]:
        if function.in_python:
            return _of_python(function.implementations[0])
        return _of_text(draw.random.choice([t for t in function.texts if "|dep" not in t]))

    for name in sorted(FUNCTIONS.names()):
        module, _, last = name.rpartition(".")
        if last in SKIPPED:
            continue
        prefix = {"": "torch", "F": "torch.nn.functional"}.get(module, f"torch.{module}")
        for _ in range(count):
            yield f"{prefix}.{last}({draw.arguments(parameters(FUNCTIONS[name]))})"
    for name in sorted(METHODS.names()):
        if "." in name or name in SKIPPED:
            continue
        for _ in range(max(count // 2, 1)):
            taken = [p for p in parameters(METHODS[name]) if p.name not in ("input", "self", "out")]
            yield f"{draw.tensor()}.{name}({draw.arguments(taken)})"
    for _ in range(20 * count):
        other = draw.tensor() if draw.random.random() < 0.7 else draw.random.choice(JUNK)
        yield f"{draw.tensor()} {draw.random.choice(OPERATORS)} ({other})"
    for _ in range(20 * count):
        yield f"{draw.tensor()}[{draw.index()}]"
