"""Derivations as text that reads back, as JSON, and in the words of other languages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from autodiff_cli.errors import RuntimeFault
from autodiff_cli.evaluation.derivation import Derivation, Formula
from autodiff_cli.evaluation.recorded import Branches
from autodiff_cli.formula.script import Script, script
from autodiff_cli.formula.text import Dialect, Unsayable
from autodiff_cli.formula.torch_text import TorchModule

TITLES = {
    "gradient": "d/d{0}",
    "jacobian": "Jacobian by {0}",
    "hessian": "d2/d{0} d{1}",
    "hvp": "Hessian's product, by {0}",
    "order": "d{order}/d{0}{order}",
}


def text(derivation: Derivation) -> str:
    """The formulas in the language itself, with what they say of themselves in lines that begin with #."""
    notes = {formula.name: [_title(derivation, formula)] for formula in derivation.formulas}
    notes[""] = general(derivation)
    return derivation.script.text(notes)


def general(derivation: Derivation) -> list[str]:
    """What is said of all formulas."""
    notes = []
    if derivation.call:
        notes.append(f"a call of reverse mode: {derivation.call}")
    notes += [
        f"{part} has no formula: its gradient is a call of reverse mode"
        for part in derivation.parts
    ]
    if derivation.branches is not None:
        notes.append(ran(derivation.branches))
    notes += [
        f"{assumed} is taken for 0: it is at {_count(derivation.points, 'point', 'points')}, to 13 digits"
        for assumed in derivation.assumed
    ]
    notes += [f"{rule}: {before} -> {after}" for rule, before, after in derivation.steps]
    if not derivation.finite:
        notes.append("at the given values the derivative isn't finite")
    if derivation.left_out:
        rules = " and ".join(f"'{name}'" for name in derivation.left_out)
        notes.append(f"written without the rule {rules}: with it the formula {derivation.reason}")
    return notes


def title(derivation: Derivation, formula: Formula) -> str:
    """What a formula is: d/dx."""
    return TITLES[derivation.kind].format(*formula.wrt, order=derivation.order)


def _title(derivation: Derivation, formula: Formula) -> str:
    name = title(derivation, formula)
    if derivation.seed == "ones":
        name = name.replace("d/", "d(sum)/")
    shaped = [
        f"{wrt} of shape [{', '.join(derivation.shapes[wrt])}]"
        for wrt in dict.fromkeys(formula.wrt)
        if any(size in derivation.sized for size in derivation.shapes[wrt])
    ]
    parts = [", ".join([name, *shaped, *(f"where {c}" for c in formula.conditions)])]
    return f"{parts[0]}{';' if shaped or formula.conditions else ','} {_checked(derivation)}"


def _checked(derivation: Derivation) -> str:
    if not derivation.sizes:
        return f"checked: equal at {_count(derivation.points, 'point', 'points')}"
    first, *others = derivation.sizes
    shown = ", ".join(f"{name}={size}" for name, size in first.items())
    more = f" and {len(others)} other sizes" if len(others) > 1 else ""
    return f"checked for {shown}{more}"


def ran(branches: Branches) -> str:
    """What of a program ran: each condition, how often it held, and how it ended; each loop's turns."""
    held: dict[str, list[bool]] = {}
    read: dict[str, None] = {}
    for condition, outcome in branches:
        if isinstance(outcome, bool):
            held.setdefault(condition, []).append(outcome)
        elif outcome is None:
            read[f"{condition} read values"] = None
        elif isinstance(outcome, float):
            read[f"{condition} read {outcome:.6g}"] = None
    loops = [
        f"'{loop}' took {_count(turns, 'turn', 'turns')}"
        for loop, turns in branches
        if type(turns) is int
        and loop.startswith(("for ", "while "))
        and not any(condition in loop for condition in held)
    ]
    if not held and not read:
        ran = f": {', '.join(loops)}; no tensor decided" if loops else ": no tensor decides"
        return f"a program{ran} what runs"
    parts = []
    for condition, outcomes in held.items():
        true = outcomes.count(True)
        if len(outcomes) == 1:
            parts.append(f"{condition} was {'true' if true else 'false'}")
        elif outcomes == [True] * true + [False]:
            parts.append(f"{condition} was true {_count(true, 'time', 'times')}, then false")
        else:
            parts.append(f"{condition} was true {true} of {len(outcomes)} times")
    return f"for these inputs alone, where {', '.join([*parts, *read, *loops])}"


def _count(number: int, one: str, several: str) -> str:
    return f"{number} {one if number == 1 else several}"


def rendered(derivation: Derivation, form: str, function: str | None = None) -> str:
    """The formulas in a language.

    Args:
        derivation: the formulas.
        form: "torch", "numpy", "jax", "python", "latex", "unicode" or "json".
        function: the name of a function to write, with its imports; of the first four.

    Raises:
        RuntimeFault: the language has no words for something.
    """
    if form == "torch" and not function:
        return text(derivation)
    if form == "json":
        return json_lines(derivation)
    dialect = _dialect(derivation, form)
    arrays = [name for name, shape in derivation.shapes.items() if shape]
    if form == "python" and arrays:
        raise RuntimeFault(
            f"plain Python has numbers alone, and {arrays[0]} is an array",
            hint="--to numpy has arrays",
        )
    if derivation.call and form != "torch":
        raise RuntimeFault(
            f"there is no formula to write for {form}: {derivation.call}",
            hint="without --to it is written as a call of reverse mode",
        )
    try:
        made = _script(derivation, dialect)
    except Unsayable as missing:
        raise RuntimeFault(
            f"{form} has no words here for {missing.what}", hint="--to torch has"
        ) from None
    if form in ("latex", "unicode"):
        return _mathematics(derivation, made, dialect, form)
    _check_names(dialect, made, function, [*derivation.shapes, *derivation.named])
    if function:
        return _function(derivation, made, dialect, function)
    notes = {formula.name: [_title(derivation, formula)] for formula in derivation.formulas}
    notes[""] = general(derivation)
    return made.text(notes)


def _check_names(
    dialect: Dialect, made: Script, function: str | None, names: Sequence[str]
) -> None:
    """Refuse names that hide a module which the formulas read, or each other."""
    imports = dialect.imports(made.text())
    modules = {line.split()[-1] for line in imports}
    for name in (*names, *([function] if function else [])):
        if name in modules:
            raise RuntimeFault(
                f"'{name}' is a module that the formula reads", hint="name it another way"
            )
    if function in names:
        raise RuntimeFault(
            f"'{function}' is an input, and can't be the function's name", hint="give another name"
        )


def _dialect(derivation: Derivation, form: str) -> Dialect:
    taken = [*derivation.shapes, *derivation.named]
    if form in ("numpy", "jax"):
        from autodiff_cli.formula.numpy_text import Jax, Numpy

        return Numpy(taken) if form == "numpy" else Jax(taken)
    if form == "python":
        from autodiff_cli.formula.python_text import Python

        return Python(taken)
    if form in ("latex", "unicode"):
        from autodiff_cli.formula.math_text import Latex, Unicode

        return Latex(taken) if form == "latex" else Unicode(taken)
    return TorchModule(taken)


def _script(derivation: Derivation, dialect: Dialect) -> Script:
    """The formulas in a dialect, with the user's names defined in it."""
    if derivation.call:
        return derivation.script
    taken = [*derivation.shapes, *derivation.named, *(line.name for line in derivation.own)]
    own = []
    for line in derivation.own:
        definition = derivation.definitions.get(line.name)
        if definition is None:
            raise Unsayable(f"'{line.text}'")
        (made,) = script({line.name: definition}, dialect, sharing="inline").formulas
        own.append(line._replace(text=f"{dialect.named(line.name)} = {made[1]}"))
    outputs = {f.name: f.expression for f in derivation.formulas if f.expression is not None}
    shapes = {
        name: shape
        for name, shape in derivation.shapes.items()
        if any(size in derivation.sized for size in shape)
    }
    return script(outputs, dialect, own, shapes, taken, derivation.sharing)


def _function(derivation: Derivation, made: Script, dialect: Dialect, name: str) -> str:
    """A whole function, importable."""
    body = [*made.sizes, *made.lines]
    if len(made.formulas) == 1:
        body.append(f"return {made.formulas[0][1]}")
    else:
        body += [f"{result} = {formula}" for result, formula in made.formulas]
        body.append(f"return {', '.join(result for result, _ in made.formulas)}")
    said = [_title(derivation, formula) for formula in derivation.formulas]
    said += general(derivation)
    first, *rest = said
    doc = [f'"""{first}', *rest, '"""'] if rest else [f'"""{first}"""']
    doc = [part.replace("\\", "\\\\") for part in doc]
    lines = [line.rstrip() for part in (*doc, *body) for line in part.split("\n")]
    whole = "\n".join(f"    {line}" if line else "" for line in lines)
    arguments = ", ".join([*derivation.shapes, *derivation.named])
    imports = dialect.imports("\n".join(body))
    head = "\n".join(imports) + "\n\n\n" if imports else ""
    return f"{head}def {name}({arguments}):\n{whole}"


def _mathematics(derivation: Derivation, made: Script, dialect: Dialect, form: str) -> str:
    lines = [f"{dialect.comment} {note}" for note in general(derivation)]
    lines += [dialect.equation(line) for line in made.lines]
    value = None
    if derivation.value is not None:
        try:
            value = script({"": derivation.value}, dialect, sharing="inline").formulas[0][1]
        except Unsayable:
            value = None
    for formula, (_, shown) in zip(derivation.formulas, made.formulas, strict=True):
        if formula.conditions:
            where = ", ".join(formula.conditions)
            lines.append(f"{dialect.comment} {title(derivation, formula)}, where {where}")
        left = _left(derivation, formula, value, dialect, form)
        lines.append(f"{left} = {shown}")
    return "\n".join(lines)


def _left(
    derivation: Derivation, formula: Formula, value: str | None, dialect: Dialect, form: str
) -> str:
    """The left side of an equation: d/dx of what."""
    names = [dialect.named(name) for name in formula.wrt]
    total = derivation.kind == "gradient" and derivation.seed == "ones"
    if form == "unicode":
        order = {"hessian": "²", "hvp": "²"}.get(derivation.kind, "")
        if derivation.kind == "order":
            order = str(derivation.order).translate(str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹"))
        below = "".join(f"∂{name}" for name in names)
        below = f"∂{names[0]}{order}" if derivation.kind in ("order", "hvp") else below
        return f"∂{order}/{below}" + (" Σ" if total else "")
    power = {"hessian": 2, "hvp": 2, "order": derivation.order}.get(derivation.kind, 1)
    raised = f"^{{{power}}}" if power > 1 else ""
    below = r" \, ".join(rf"\partial {name}" for name in names)
    if derivation.kind in ("order", "hvp"):
        below = rf"\partial {names[0]}{raised}"
    of = "" if value is None else rf"\,{dialect.alone(value)}"
    sign = r"\sum" if total else ""
    return rf"\frac{{\partial{raised}}}{{{below}}}{sign}{of}"


def json_lines(derivation: Derivation) -> str:
    """A line of JSON for each formula."""
    import orjson

    lines = []
    for formula in derivation.formulas:
        record: dict[str, Any] = {
            "wrt": formula.wrt[0] if len(formula.wrt) == 1 else list(formula.wrt),
            "kind": derivation.kind,
            "text": formula.text,
            "let": [*derivation.script.sizes, *derivation.script.lines],
            "form": "torch",
            "shape": [
                int(size) if size.isdigit() else size
                for name in formula.wrt
                for size in derivation.shapes[name]
            ],
            "conditions": list(formula.conditions),
            "assumed_zero": list(derivation.assumed),
            "call": derivation.call or None,
            "parts": list(derivation.parts),
            "left_out": list(derivation.left_out),
            "checked": {
                "points": derivation.points,
                "largest_relative_difference": derivation.difference,
                "sizes": [dict(sizes) for sizes in derivation.sizes],
            },
        }
        if derivation.kind == "order":
            record["order"] = derivation.order
        if derivation.steps:
            record["steps"] = [
                {"rule": rule, "before": before, "after": after}
                for rule, before, after in derivation.steps
            ]
        lines.append(orjson.dumps(record).decode())
    return "\n".join(lines)
