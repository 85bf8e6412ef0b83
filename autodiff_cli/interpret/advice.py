"""What to type instead of what failed in an expression. Imported only for an error."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from difflib import SequenceMatcher
from typing import Any

from autodiff_cli.errors import AttributeFault, AutodiffError, NameFault
from autodiff_cli.interpret import habits, names
from autodiff_cli.interpret.code import compiled_text
from autodiff_cli.interpret.suggest import suggestion, typed
from autodiff_cli.interpret.torch_names import Namespace
from autodiff_cli.ir.dtypes import NAMES as DTYPES
from autodiff_cli.source import Source, Span
from autodiff_cli.syntax import tree
from autodiff_cli.syntax.parse import is_expression
from autodiff_cli.syntax.rewrite import derivative, rewritten
from autodiff_cli.tensors.tensor import Tensor
from autodiff_cli.vocabulary.calls.registry import FUNCTIONS, METHODS, Function
from autodiff_cli.vocabulary.calls.signature import Overloads

LONGEST = 60  # characters of a text that is written out in a hint
SHORTEST = 3  # letters of a name for which a guess isn't far-fetched
UNIMPORTANT = ("out", "layout", "device", "pin_memory", "requires_grad", "memory_format", "generator",
               "size_average", "reduce")  # fmt: skip
LISTS = "make the list a tensor first: tensor([1, 2])"
NOTHING = "nothing here has that name, or nearly: {}"


# What an error of an operator, an item or a condition says, and what to type instead.
INSTEAD = {
    r"Boolean value of Tensor": "reduce it first with .all() or .any(), or select with "
    "where(condition, a, b)",
    r"only integer tensors of a single element can be converted to an index": LISTS,
    r"unsupported operand type.*'(list|tuple)'": LISTS,
    r"unsupported operand type.*'str'": "what stands in quotes is text: write numbers and names "
    "without them",
    r"(function|method)' object is not subscriptable": "functions are called with parentheses: sum(x)",
}


def advice(
    error: Exception, found: AutodiffError, span: Span, source: Source, bound: Iterable[str]
) -> str | None:
    """What to type instead.

    Args:
        error: as it was raised.
        found: the same in our words.
        span, source: where.
        bound: the names that the user gave a value.
    """
    text = compiled_text(source)
    known = [*bound, *text.code.assigned]
    if isinstance(found, NameFault):
        name = getattr(error, "name", None) or source.slice(span)
        return unknown_name(
            name,
            known,
            called=source.text[span.end :].lstrip()[:1] == "(",
            functions=names.function_names(),
            constants=[*names.CONSTANTS, *names.IMPLICIT, *names.SHORT],
            text=source.text,
        )
    asked = getattr(error, "asked", None)
    if isinstance(found, AttributeFault) and asked is not None:
        return unknown_attribute(*asked, text=source.text)
    call = _call_at(text.tree, span)
    hint = None if call is None else failed_call(call.function, found.message, source.text, known)
    if hint is not None:
        return hint
    return next(
        (better for said, better in INSTEAD.items() if re.search(said, found.message)), None
    )


def _call_at(root: Any, span: Span) -> tree.Call | None:
    """The call that stands there."""
    pending = [root]
    while pending:
        x = pending.pop()
        if isinstance(x, tree.Call) and x.span == span:
            return x
        if isinstance(x, tree.Tree):
            pending.extend(x.__dict__.values())
        elif isinstance(x, tuple) and not isinstance(x, Span):
            pending.extend(x)
    return None


def unknown_name(
    name: str,
    bound: Iterable[str],
    *,
    called: bool,
    functions: Iterable[str] = (),
    constants: Iterable[str] = (),
    text: str = "",
) -> str:
    """What to type instead of a name that doesn't exist.

    Args:
        name: as it was typed.
        bound: the names that the user gave a value.
        called: whether it stands before parentheses.
        functions, constants: what the language has.
        text: the expression.

    >>> unknown_name("sgima", ["sigma"], called=False)
    "did you mean 'sigma'?"
    >>> unknown_name("xy", ["x", "y"], called=False)
    "write x*y, or bind it on the command line: xy='[1, 2]'"
    >>> unknown_name("cot", [], called=True, functions=["dot"])
    'write 1/tan(x)'
    """
    if name.startswith("__"):
        return NOTHING.format("names with two underscores are Python's own")
    bound, functions = list(bound), list(functions)
    if name[0] == "d" and (hint := derivative(text)):
        return hint
    if not name.isascii() and (better := rewritten(text, is_expression)):  # 2πr, eˣ
        return f"write {better}"
    near = _near(name, bound)
    if near:
        return near
    if not name.isidentifier():
        return "names in backticks are those of columns: autodiff batch"
    if called:
        meant = _habit(name, habits.SAID, habits.FUNCTIONS) or _elsewhere(name, text)
        meant = meant or _near(name, functions)
        return meant or NOTHING.format(f"define it first, as in {name} = lambda t: t**2; {name}(x)")
    habit = _habit(name, habits.MODULES, habits.NAMES)
    path = _path(name, text)
    if path != name and (habit or _same_letters(name, constants)):  # np.sin, Torch.sin
        last = path.rpartition(".")[2]
        habit = _elsewhere(path, text) or _habit(last, habits.SAID, habits.FUNCTIONS) or habit
    if habit:
        return habit
    binding = f"bind it on the command line: {name}='[1, 2]'"
    product = _product(name, bound, functions)
    if product:
        return f"write {product}, or {binding}"
    guess = _near(name, constants)
    return f"{guess} or {binding}" if guess else binding


def unknown_attribute(value: object, name: str, *, text: str = "") -> str | None:
    """What to type instead of an attribute of a tensor, or of a module, that doesn't exist.

    >>> from autodiff_cli.interpret.modules import module
    >>> unknown_attribute(module("torch"), "svdvals", text="torch.svdvals(x)")
    'write linalg.svdvals(x)'
    """
    from autodiff_cli.interpret.access import names_of

    if name.startswith("__"):
        return "names with double underscores are not part of the language"
    if not isinstance(value, (Tensor, Namespace)):
        return None
    known = names_of(value)
    if isinstance(value, Namespace):
        path = _path(name, text)
        habit = _habit(name, habits.SAID | habits.MODULES, habits.FUNCTIONS)
        if not habit and value.name.partition(".")[0] == "numpy":
            habit = habits.MODULES["np"]
        if not habit or path.rpartition(".")[2] != name:
            habit = _elsewhere(path, text) or habit
    else:
        habit = _habit(name, habits.ATTRIBUTES, habits.METHODS)
        if not habit and not _same_letters(name, known):
            function = _spelled(name)
            habit = f"write {function}(x)" if function else None
    meant = habit or _near(name, known)
    return meant or NOTHING.format("write it out, as in exp(x).sum() or where(x > 0, x, 0)")


def _elsewhere(path: str, text: str) -> str | None:
    """What to write for a name that exists behind another prefix, or without one: `np.linalg.norm`."""
    spelled = _spelled(path)
    if spelled is None or spelled == path:
        return None
    written = re.sub(rf"(?<![\w.]){re.escape(path)}\b", spelled, text)
    short = "\n" not in written and len(written) <= LONGEST and is_expression(written)
    return f"write {written if short else spelled}"


def _spelled(path: str) -> str | None:
    """The name, with its prefix, of what is called so anywhere: that with the likest prefix."""
    asked = path.split(".")

    def likeness(known: str) -> tuple[int, bool, bool, str]:
        parts = known.split(".")
        same = [a.lower() == b.lower() for a, b in zip(asked[::-1], parts[::-1], strict=False)]
        exact = asked[-1] == parts[-1]
        return sum(same), exact, len(parts) == 1, known

    last = _letters(asked[-1])
    # forms that write into a tensor aren't meant
    plain = (n for n in FUNCTIONS.names() if n[-1] != "_")
    found = [n for n in plain if _letters(n.rpartition(".")[2]) == last]
    found += [n for n in (*names.CONSTANTS, *DTYPES) if len(n) > 1 and _letters(n) == last]
    return max(found, key=likeness, default=None)


def _path(name: str, text: str) -> str:
    """The names with dots between them, of which `name` is one: `np.linalg.norm`."""
    found = re.search(rf"(?<![\w.])(?:\w+\.)*{re.escape(name)}(?:\.\w+)*(?!\w)", text)
    return found[0] if found else name


def _habit(name: str, said: Mapping[str, str], written: Mapping[str, str]) -> str | None:
    """What to write here for a name from elsewhere, however its letters are written."""
    lowered = name.lower()
    for spelled in (name, lowered) if len(name) > 1 else (name,):
        if spelled in said:
            return said[spelled]
        if written.get(spelled, name) != name:  # None is None
            return f"write {written[spelled]}"
    return None


def _near(name: str, known: Iterable[str]) -> str | None:
    """The nearest name: one of the same letters, or of those that Python calls near the likest."""
    known = list(known)
    near = _same_letters(name, known)
    if near is None and len(name) >= SHORTEST:
        letters = sorted(name)
        likely = [n for n in sorted(known) if sorted(n) == letters]  # swapped
        likely = likely or [
            n for n in sorted(known) if len(n) >= SHORTEST and suggestion(name, [n])
        ]
        near = max(likely, key=lambda n: _likeness(name, n), default=None)
    return f"did you mean {typed(near)}?" if near else None


def _likeness(name: str, other: str) -> tuple[float, int, bool]:
    """How much of two names is the same, and of their beginnings; and whether the other is typed often."""
    same = SequenceMatcher(None, name.lower(), other.lower()).ratio()
    begun = next(
        (i for i, (a, b) in enumerate(zip(name, other, strict=False)) if a != b), len(name)
    )
    return same, begun, other in habits.OFTEN


def _same_letters(name: str, known: Iterable[str]) -> str | None:
    """The name that differs in case and underscores alone: `ReLU`, `log_2`, `LogSoftmax`."""
    letters = _letters(name)
    return next((n for n in sorted(known) if _letters(n) == letters), None)


def _letters(name: str) -> str:
    return name.replace("_", "").lower()


def _product(name: str, bound: Sequence[str], known: Sequence[str]) -> str | None:
    """`x*y` for `xy`, `sin(x)` for `sinx`, `x**2` for `x2`, of names that the user bound."""
    parts = _parts(name, sorted(bound, key=len, reverse=True))
    if parts:
        return "*".join(parts)
    for x in bound:
        if name.startswith(x) and name[len(x) :].isdigit():
            return f"{x}**{name[len(x) :]}"
        if name.endswith(x) and name[: -len(x)] in known:
            return f"{name[: -len(x)]}({x})"
    return None


def _parts(name: str, bound: Sequence[str]) -> list[str] | None:
    """The bound names that a name is made of, one behind the other."""
    if not name:
        return []
    for x in bound:
        if name.startswith(x):
            rest = _parts(name[len(x) :], bound)
            if rest is not None:
                return [x, *rest]
    return None


def failed_call(
    function: Any, message: str, text: str = "", bound: Iterable[str] = ()
) -> str | None:
    """What to type where a value can't be called, or the arguments are wrong.

    Args:
        function: the tree of what was called.
        message: the error's.
        text: the expression.
        bound: the names that have a value of the user's.

    >>> softmax = tree.Name(Span(0, 7), "softmax")
    >>> failed_call(softmax, 'softmax() missing 1 required positional arguments: "dim"')
    'it takes softmax(input, dim, dtype=None)'
    """
    if message.endswith("is not callable"):
        names = "|".join(map(re.escape, bound)) or "(?!)"
        product = re.sub(rf"\b({names})\s*\(", r"\1*(", text)  # x(x + 1)
        better = rewritten(product, is_expression)
        if better is None and product != text and is_expression(product):
            better = product
        if better and re.search(r"\*\*\s*\d+\s*\(", text):  # sin**2(x)
            return f"write {better}"
        return f"write * to multiply: {better}" if better else "write * to multiply"
    of_tensor, entry = _called(function)
    if entry is None:
        return _instead(function, text)
    name = entry.name.rpartition(".")[2]
    if name in habits.CALLED:
        return habits.CALLED[name]
    if re.search(r"must be Tensor, not (?:int|float)$", message):
        return "a number is made a tensor by tensor(0.5)"
    if re.search(r"missing|unexpected keyword|positional argument", message):
        return _form(entry, of_tensor)
    return None


def _instead(function: Any, text: str) -> str | None:
    """What to write for a call of what people know from elsewhere: `np.sin(x)`, `x.numpy()`."""
    if isinstance(function, tree.Name):
        return habits.SAID.get(function.id)
    if not isinstance(function, tree.Attribute):
        return None
    name, root = function.name, function.value
    while isinstance(root, tree.Attribute):
        root = root.value
    if isinstance(root, tree.Name) and root.id in ("np", "numpy"):
        return _elsewhere(_path(name, text), text) or habits.MODULES.get(root.id)
    if isinstance(root, tree.Name) and root.id in names.IMPLICIT:
        return habits.SAID.get(name)
    return habits.ATTRIBUTES.get(name) or _habit(name, {}, habits.METHODS)


def _called(function: Any) -> tuple[bool, Function | None]:
    """Whether a method of a tensor is called, and which function of torch's that is."""
    if isinstance(function, tree.Name):
        name = function.id
        return False, FUNCTIONS.get(name) or FUNCTIONS.get(f"F.{name}")
    if not isinstance(function, tree.Attribute):
        return False, None
    value = function.value
    path = value.id if isinstance(value, tree.Name) else ""
    if isinstance(value, tree.Attribute) and isinstance(value.value, tree.Name):
        path = f"{value.value.id}.{value.name}"
    module = names.IMPLICIT.get(path) or names.SHORT.get(path) or path
    if module in names.TORCH:
        return False, FUNCTIONS.get(names.TORCH[module] + function.name)
    if path.partition(".")[0] in ("np", "numpy", "math"):
        return False, None
    return True, METHODS.get(function.name)


def _form(entry: Function, of_tensor: bool) -> str:
    """`softmax(input, dim)`: how a function or a method of torch's is called."""
    name = entry.name.rpartition(".")[2]
    if entry.in_python:
        from inspect import signature

        taken = [
            p.name if p.default is p.empty else f"{p.name}={p.default!r}"
            for p in signature(entry.implementations[0]).parameters.values()
            if p.name not in UNIMPORTANT
        ]
    else:
        first = Overloads(name, entry.texts, method=of_tensor).signatures[0]
        taken = [
            f"{p.name}={p.text.rpartition('= ')[2]}" if p.optional else p.name
            for p in first.parameters
            if p.name not in UNIMPORTANT
        ]
    return f"it takes {'x.' if of_tensor else ''}{name}({', '.join(taken)})"
