"""What to type instead of a name or a call that an expression doesn't know. Imported only for an error."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from difflib import SequenceMatcher

from autodiff_cli.interpret import habits
from autodiff_cli.interpret.suggest import suggestion
from autodiff_cli.syntax.parse import is_expression
from autodiff_cli.syntax.rewrite import derivative, rewritten

LONGEST = 60  # characters of a text that is written out in a hint
SHORTEST = 3  # letters of a name for which a guess isn't far-fetched
UNIMPORTANT = ("out", "layout", "device", "pin_memory", "requires_grad", "memory_format", "generator",
               "size_average", "reduce")  # fmt: skip
NOTHING = "nothing here has that name, or nearly: {}"


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


def unknown_attribute(value: object, name: str, *, text: str = "") -> str:
    """What to type instead of an attribute of a tensor, or of a module, that doesn't exist.

    >>> from autodiff_cli.interpret.names import lookup
    >>> unknown_attribute(lookup("torch"), "svdvals", text="torch.svdvals(x)")
    'write linalg.svdvals(x)'
    """
    from autodiff_cli.interpret.names import members
    from autodiff_cli.vocabulary.values import Module

    known = members(value)
    if isinstance(value, Module):
        path = _path(name, text)
        habit = _habit(name, habits.SAID | habits.MODULES, habits.FUNCTIONS)
        if value.name == "torch.nn" and name[:1].isupper():
            habit = habits.NO_LAYERS
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
    from autodiff_cli.interpret.names import CONSTANTS
    from autodiff_cli.ir.dtypes import NAMES as DTYPES
    from autodiff_cli.vocabulary.registry import FUNCTIONS

    asked = path.split(".")

    def likeness(known: str) -> tuple[int, bool, bool, str]:
        parts = known.split(".")
        same = [a.lower() == b.lower() for a, b in zip(asked[::-1], parts[::-1], strict=False)]
        exact = asked[-1] == parts[-1]
        return sum(same), exact, len(parts) == 1, known

    last = _letters(asked[-1])
    names = [n for n in FUNCTIONS.names() if _letters(n.rpartition(".")[2]) == last]
    names += [n for n in (*CONSTANTS, *DTYPES) if len(n) > 1 and _letters(n) == last]
    return max(names, key=likeness, default=None)


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
    return f"did you mean '{near}'?" if near else None


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
    function: object, message: str, text: str = "", bound: Iterable[str] = ()
) -> str | None:
    """What to type where a value can't be called, or the arguments are wrong.

    Args:
        function: what was called.
        message: the error's.
        text: the expression.
        bound: the names that the user gave a value.

    >>> from autodiff_cli.interpret.names import lookup
    >>> failed_call(lookup("softmax"), 'softmax() missing 1 required positional arguments: "dim"')
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
    name = getattr(getattr(function, "function", function), "name", "").rpartition(".")[2]
    if name in habits.CALLED:
        return habits.CALLED[name]
    if re.search(r"must be Tensor, not (?:int|float)$", message):
        return "a number is made a tensor by tensor(0.5)"
    if re.search(r"missing|unexpected keyword|positional argument", message):
        return _form(function)
    return None


def _form(function: object) -> str | None:
    """`softmax(input, dim)`: how a function or a method of torch's is called."""
    from autodiff_cli.interpret.names import Builtin, Method
    from autodiff_cli.vocabulary.registry import FUNCTIONS, Function
    from autodiff_cli.vocabulary.signature import Overloads

    of_tensor = isinstance(function, Method)
    entry = function.function if isinstance(function, Method) else function
    if isinstance(function, Builtin):
        entry = FUNCTIONS.get(function.name)
    if not isinstance(entry, Function):
        return None
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
