"""Expressions as text: what a language calls things, and where it needs parentheses."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

from autodiff_cli.formula.expressions import Expression, used
from autodiff_cli.formula.terms import PI

# What binds how strongly, from the weakest.
COMPARE, SUM, PRODUCT, SIGN, POWER, ATOM = range(6)

SHORTEST = 12  # characters of what gets a name
SAVED = 8  # characters that a name has to save
DEEPEST = 60  # parentheses within each other, before a part gets a name


# What stands for a number, in the module of a language that has it.
CONSTANTS = {PI: "{}.pi", "inf": "{}.inf", "-inf": "(-{}.inf)", "nan": "{}.nan"}
OF_TEXT = ("part", "part_back")  # what only the language itself says
MASKS = ("compare", "logic", "not")


class Text(NamedTuple):
    """A text, how strongly its outermost operator binds, and how deep its parentheses go."""

    text: str
    binding: int = ATOM
    depth: int = 0

    def within(self, binding: int) -> str:
        """The text as an operand of what binds so."""
        return self.text if self.binding >= binding else f"({self.text})"


class Unsayable(Exception):
    """What a language has no words for.

    Attributes:
        what: it.
    """

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what


Caller: TypeAlias = "Callable[[Dialect, list[Text], dict[str, Any]], Text]"


class Many(tuple[Any, ...]):
    """A parameter of several values: "(2,)" as it is, "2" with "1", "2, 3" with ",", "[2, 3]" with "["."""

    def __format__(self, spec: str) -> str:
        if spec == "[":
            return listed(tuple(self))
        if spec == "," or (spec == "1" and len(self) == 1):
            return ", ".join(map(str, self)) or "()"
        return tupled(self)


def _filled(template: str, parts: Sequence[Text], params: Mapping[str, Any]) -> str:
    texts = [part.text for part in parts]
    given = {key: Many(v) if isinstance(v, tuple) else v for key, v in params.items()}
    return template.format(*texts, args=", ".join(texts), **given)


def call(function: str, arguments: str, behind: str = "") -> Caller:
    """How a function is called: by a template of its arguments, which are numbered, and its parameters."""
    return lambda dialect, parts, params: Text(
        f"{dialect.function(function)}({_filled(arguments, parts, params)})"
        + _filled(behind, parts, params)
    )


def method(name: str, arguments: str = "", behind: str = "") -> Caller:
    """How a method of the first argument is called."""
    return lambda dialect, parts, params: Text(
        f"{parts[0].within(ATOM)}.{name}({_filled(arguments, parts, params)}){behind}"
    )


class Dialect:
    """The language's own writing: torch's names.

    Args:
        taken: names that mean inputs, so that functions called so need their module before them.
    """

    qualified = "torch."
    names: Mapping[str, str] = {}
    callers: Mapping[str, Caller] = {}
    comment = "#"

    def __init__(self, taken: Sequence[str] = ()) -> None:
        self.taken = set(taken)

    def write(self, expression: Expression, parts: list[Text]) -> Text:
        """The text of an expression, from its parts' texts.

        Raises:
            Unsayable: the language has no words for it.
        """
        if expression.op == "call":
            name, params = expression.data
            if name in OF_TEXT and name not in self.callers:
                raise Unsayable(f"'{dict(params)['text']}'")
        text = getattr(self, f"on_{expression.op}")(expression, parts)
        depth = max((part.depth for part in parts), default=0) + 1
        return Text(text.text, text.binding, depth)

    # ---- arithmetic -----------------------------------------------------------------------------

    def on_name(self, expression: Expression, parts: list[Text]) -> Text:
        name = expression.data
        if name == PI:
            return Text("math.pi" if "pi" in self.taken else "pi")
        return Text(name, SIGN if name.startswith("-") else ATOM)

    def on_size(self, expression: Expression, parts: list[Text]) -> Text:
        return Text(expression.data)

    def on_number(self, expression: Expression, parts: list[Text]) -> Text:
        return Text(expression.data, SIGN if expression.data.startswith("-") else ATOM)

    def on_sum(self, expression: Expression, parts: list[Text]) -> Text:
        result = ""
        for part, minus in zip(parts, expression.data, strict=True):
            text = part.within(PRODUCT)
            if not result:
                result = f"-{text}" if minus else text
            else:
                result += f" - {text}" if minus else f" + {text}"
        return Text(result, SUM)

    def on_product(self, expression: Expression, parts: list[Text]) -> Text:
        count, negative = expression.data
        over, under = parts[:count], parts[count:]
        if negative and over and expression.args[0].op in MASKS:  # which have no minus
            over, negative = [Text("-1"), *over], False
        texts = [self.operand(part, first=not at) for at, part in enumerate(over)]
        at = _matrix_product(expression.args[:count])
        if at is not None and len(texts) == count:  # 2*X.T@(X@w - y)/n
            texts[at] = over[at].text
        text = "*".join(texts) or "1"
        if len(under) == 1:
            text += "/" + self.operand(under[0], first=False, divides=True)
        elif under:
            text += (
                f"/({'*'.join(self.operand(part, first=not at) for at, part in enumerate(under))})"
            )
        if len(over) == 1 and not under and at is None:
            text = over[0].within(POWER)
        return Text(f"-{text}", SIGN) if negative else Text(text, PRODUCT)

    def operand(self, part: Text, first: bool, divides: bool = False) -> str:
        if part.binding == PRODUCT:  # a matrix product, or a quotient within a product
            return f"({part.text})"
        return part.within(SIGN if first and not divides else POWER)

    def on_power(self, expression: Expression, parts: list[Text]) -> Text:
        base, exponent = parts
        return Text(f"{base.within(ATOM)}**{exponent.within(SIGN)}", POWER)

    def on_compare(self, expression: Expression, parts: list[Text]) -> Text:
        first, second = (part.within(SUM) for part in parts)
        return Text(f"{first} {expression.data} {second}", COMPARE)

    def on_logic(self, expression: Expression, parts: list[Text]) -> Text:
        first, second = (part.within(ATOM) for part in parts)
        return Text(f"{first} {expression.data} {second}", COMPARE)

    def on_not(self, expression: Expression, parts: list[Text]) -> Text:
        return Text(f"~{parts[0].within(ATOM)}", SIGN)

    # ---- arrays ---------------------------------------------------------------------------------

    def on_matmul(self, expression: Expression, parts: list[Text]) -> Text:
        first, second = parts
        chained = expression.args[0].op == "matmul" and first.binding == PRODUCT
        left = first.text if chained else first.within(POWER)
        return Text(f"{left}@{second.within(POWER)}", PRODUCT)

    def on_transpose(self, expression: Expression, parts: list[Text]) -> Text:
        return Text(f"{parts[0].within(ATOM)}.{'mT' if expression.data else 'T'}")

    def on_outer(self, expression: Expression, parts: list[Text]) -> Text:
        return self.called("outer", parts)

    def on_reduce(self, expression: Expression, parts: list[Text]) -> Text:
        kind, dims, keepdim, _ = expression.data
        if dims is None:
            return self.called(kind, parts)
        shown = str(dims[0]) if len(dims) == 1 else f"({', '.join(map(str, dims))})"
        keep = ", keepdim=True" if keepdim else ""
        if parts[0].binding < ATOM:
            return Text(f"{self.function(kind)}({parts[0].text}, {shown}{keep})")
        return Text(f"{parts[0].text}.{kind}({shown}{keep})")

    def on_axes(self, expression: Expression, parts: list[Text]) -> Text:
        places = list(expression.data)
        while len(places) > 1 and places[-1] == ":":
            places.pop()
        return Text(f"{parts[0].within(ATOM)}[{', '.join(places)}]")

    def on_permute(self, expression: Expression, parts: list[Text]) -> Text:
        return Text(f"{parts[0].within(ATOM)}.permute({', '.join(map(str, expression.data))})")

    def on_expand(self, expression: Expression, parts: list[Text]) -> Text:
        return Text(f"{parts[0].within(ATOM)}.expand({', '.join(expression.data)})")

    def on_typed(self, expression: Expression, parts: list[Text]) -> Text:
        return parts[0]  # the language's default dtype is the inputs'

    def on_einsum(self, expression: Expression, parts: list[Text]) -> Text:
        return self.called("einsum", [Text(f"'{expression.data}'"), *parts])

    # ---- calls ----------------------------------------------------------------------------------

    def on_call(self, expression: Expression, parts: list[Text]) -> Text:
        name, params = expression.data
        caller = self.callers.get(name)
        if caller is not None:
            return caller(self, parts, dict(params))
        given = {key: value for key, value in params if key != "rank" and value is not None}
        return self.called(name, parts, **given)

    def called(self, name: str, parts: Sequence[Text], **params: Any) -> Text:
        args = [part.text for part in parts]
        args += [f"{key}={value}" for key, value in params.items()]
        return Text(f"{self.function(name)}({', '.join(args)})")

    def function(self, name: str) -> str:
        """What a function is called here."""
        name = self.names.get(name, name)
        root = name.partition(".")[0]
        if root not in self.taken:
            return name
        if root == "F":
            return f"torch.nn.functional{name[1:]}"
        return name if root == "torch" else f"{self.qualified}{name}"

    @staticmethod
    def bracketed_select(dialect: Dialect, parts: list[Text], params: dict[str, Any]) -> Text:
        places = [":"] * params["dim"] + [str(params["index"])]
        return Text(f"{parts[0].within(ATOM)}[{', '.join(places)}]")

    @staticmethod
    def bracketed_slice(dialect: Dialect, parts: list[Text], params: dict[str, Any]) -> Text:
        step = f":{params['step']}" if params["step"] != 1 else ""
        places = [":"] * params["dim"] + [f"{params['start']}:{params['stop']}{step}"]
        return Text(f"{parts[0].within(ATOM)}[{', '.join(places)}]")

    @staticmethod
    def bracketed_index(dialect: Dialect, parts: list[Text], params: dict[str, Any]) -> Text:
        x, *at = parts
        places = [":"] * (max(params["dims"]) + 1)
        for dim, part in zip(params["dims"], at, strict=True):
            places[dim] = part.text
        return Text(f"{x.within(ATOM)}[{', '.join(places)}]")

    def named(self, name: str) -> str:
        """A name that is assigned."""
        return name

    def equation(self, line: str) -> str:
        """A line `name = text`."""
        return line

    def alone(self, text: str) -> str:
        """A text as the operand of d/dx."""
        return text

    def imports(self, text: str) -> list[str]:
        """The lines that a text needs where nothing is imported."""
        return []


def _matrix_product(factors: Sequence[Expression]) -> int | None:
    """Which of some factors is a matrix product beside mere numbers, and needs no parentheses."""
    arrays = [at for at, factor in enumerate(factors) if not factor.scalar]
    found = arrays or [at for at, factor in enumerate(factors) if factor.op == "matmul"][:1]
    return found[0] if len(found) == 1 and factors[found[0]].op == "matmul" else None


def tupled(shape: Sequence[Any]) -> str:
    return f"({', '.join(map(str, shape))}{',' if len(shape) == 1 else ''})"


def listed(values: Any) -> str:
    return f"[{', '.join(map(listed, values))}]" if isinstance(values, tuple) else repr(values)


class Written(NamedTuple):
    """The text of some expressions.

    Attributes:
        lines: (name, text) of the parts that have one, in order.
        results: of the expressions.
    """

    lines: tuple[tuple[str, str], ...]
    results: tuple[str, ...]


def written(
    outputs: Sequence[Expression],
    dialect: Dialect,
    taken: Sequence[str],
    sharing: str = "auto",
    prefix: str = "t",
) -> Written:
    """The text of expressions, with lines for what would be long and there more than once.

    Args:
        outputs: the expressions.
        dialect: writes them.
        taken: names that mean something already.
        sharing: "auto", "names" for all that is there twice, or "inline" for nothing.
        prefix: of names.
    """
    order = used(outputs)
    uses: dict[Expression, int] = dict.fromkeys(order, 0)
    for expression in order:
        for arg in expression.args:
            uses[arg] += 1
    for output in outputs:
        uses[output] += 1
    texts: dict[Expression, Text] = {}
    lines: list[tuple[str, str]] = []
    numbers = (n for n in range(1, 10**9) if f"{prefix}{n}" not in taken)
    for expression in order:
        text = dialect.write(expression, [texts[arg] for arg in expression.args])
        if _wants_name(expression, text, uses[expression], sharing):
            name = f"{prefix}{next(numbers)}"
            lines.append((name, text.text))
            text = Text(dialect.named(name))
        texts[expression] = text
    return Written(tuple(lines), tuple(texts[output].text for output in outputs))


def _wants_name(expression: Expression, text: Text, uses: int, sharing: str) -> bool:
    if text.depth > DEEPEST and expression.args:
        return True
    if uses < 2 or not expression.args or sharing == "inline":
        return False
    length = len(text.text.replace(" ", ""))
    if sharing == "names":
        return length > 3
    return length >= SHORTEST and uses * length - (length + 4 + 2 * uses) >= SAVED
