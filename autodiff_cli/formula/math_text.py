"""Formulas as mathematics: LaTeX, and Unicode for a terminal."""

from __future__ import annotations

import re

from autodiff_cli.formula.expressions import Expression
from autodiff_cli.formula.text import (
    ATOM,
    COMPARE,
    POWER,
    PRODUCT,
    SIGN,
    SUM,
    Dialect,
    Text,
)
from autodiff_cli.ir.node import Op

GREEK = (
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau upsilon phi "
    "chi psi omega Gamma Delta Theta Lambda Xi Pi Sigma Phi Psi Omega"
).split()
RELATIONS = {"==": "=", "!=": r"\ne", "<": "<", "<=": r"\le", ">": ">", ">=": r"\ge"}
LOGIC = {"&": r"\wedge", "|": r"\vee", "^": r"\oplus"}
NAMED = {  # what mathematics calls them, where an operation doesn't say
    "ndtr": r"\Phi",
    "digamma": r"\psi",
    "math.log": r"\log",
    "amax": r"\max",
    "amin": r"\min",
    "cross_entropy": r"\mathrm{CE}",
    "nll_loss": r"\mathrm{NLL}",
}
TEMPLATES = {"linalg_det": "det"}


class Latex(Dialect):
    """LaTeX's mathematics."""

    comment = "%"
    wide = r"\left(", r"\right)"

    def bracketed(self, text: str) -> str:
        return f"{self.wide[0]}{text}{self.wide[1]}"

    def argued(self, text: str) -> str:
        """Arguments of a function, in brackets as high as they are."""
        high = any(mark in text for mark in (r"\frac", r"\left", r"\sum", r"\begin"))
        return self.bracketed(text) if high else f"({text})"

    def within(self, part: Text, binding: int) -> str:
        return part.text if part.binding >= binding else self.bracketed(part.text)

    def named(self, name: str) -> str:
        return latex_name(name)

    def equation(self, line: str) -> str:
        name, _, text = line.partition(" = ")
        return f"{latex_name(name)} = {text}" if name.isidentifier() else line

    def alone(self, text: str) -> str:
        return self.bracketed(text) if re.search(r"[+\-<>=] |^\\sum", text) else text

    # ---- arithmetic -----------------------------------------------------------------------------

    def on_name(self, expression: Expression, parts: list[Text]) -> Text:
        name = expression.data
        if name in ("inf", "-inf"):
            return Text(r"\infty" if name == "inf" else r"-\infty", ATOM if name == "inf" else SIGN)
        return Text(latex_name(name))

    def on_number(self, expression: Expression, parts: list[Text]) -> Text:
        text = expression.data.removesuffix(".")
        mantissa, e, exponent = text.partition("e")
        if e:
            return Text(rf"{mantissa} \cdot 10^{{{int(exponent)}}}", PRODUCT)
        return Text(text, SIGN if text.startswith("-") else ATOM)

    def on_sum(self, expression: Expression, parts: list[Text]) -> Text:
        result = ""
        for part, minus in zip(parts, expression.data, strict=True):
            text = self.within(part, PRODUCT)
            if result:
                result += f" - {text}" if minus else f" + {text}"
            else:
                result = f"-{text}" if minus else text
        return Text(result, SUM)

    def on_product(self, expression: Expression, parts: list[Text]) -> Text:
        count, negative = expression.data
        kinds = [arg.op for arg in expression.args[:count]]
        over, under = parts[:count], parts[count:]
        ones = [part for part in over if part.text == "1" and len(over) > 1]
        over = [part for part in over if part not in ones]
        if not under:
            text = self.times(over)
        elif (kinds and kinds[-1] == "sum") or any(kind in WIDE for kind in kinds):
            # a number before a sum, and not the sum above a line
            numbers = [p for p, e in zip(parts, expression.args) if p in over and e.op == "number"]
            rest = [part for part in over if part not in numbers]
            top = self.times(numbers) if numbers else "1"
            text = rf"{self.fraction(top, self.times(under))}{self.times(rest, behind=True)}"
        else:
            text = self.fraction(self.times(over) or "1", self.times(under))
        return Text(f"-{text}", SIGN) if negative else Text(text, PRODUCT)

    def times(self, parts: list[Text], behind: bool = False) -> str:
        """Factors beside each other; one alone needs no brackets."""
        if len(parts) == 1 and not behind:
            return parts[0].text
        return self.joined([self.within(part, POWER) for part in parts])

    def joined(self, texts: list[str]) -> str:
        result = ""
        for text in texts:
            if result and (text[0].isdigit() or (result[-1].isdigit() and text[0].isdigit())):
                result += r" \cdot "
            elif result and (result[-1].isalpha() or text[0].isalpha()):
                result += " "
            result += text
        return result

    def fraction(self, over: str, under: str) -> str:
        return rf"\frac{{{over}}}{{{under}}}"

    def on_power(self, expression: Expression, parts: list[Text]) -> Text:
        base, exponent = parts
        if exponent.text == "0.5":
            return Text(rf"\sqrt{{{base.text}}}")
        return Text(f"{self.within(base, ATOM)}^{{{exponent.text}}}", POWER)

    def on_compare(self, expression: Expression, parts: list[Text]) -> Text:
        first, second = (self.within(part, SUM) for part in parts)
        return Text(rf"\mathbf{{1}}[{first} {RELATIONS[expression.data]} {second}]")

    def on_logic(self, expression: Expression, parts: list[Text]) -> Text:
        first, second = (part.text for part in parts)
        return Text(f"{first} {LOGIC[expression.data]} {second}", COMPARE)

    def on_not(self, expression: Expression, parts: list[Text]) -> Text:
        return Text(rf"\neg {self.within(parts[0], ATOM)}", SIGN)

    # ---- arrays ---------------------------------------------------------------------------------

    def on_matmul(self, expression: Expression, parts: list[Text]) -> Text:
        return Text(self.joined([self.within(part, POWER) for part in parts]), PRODUCT)

    def on_transpose(self, expression: Expression, parts: list[Text]) -> Text:
        return Text(rf"{self.within(parts[0], ATOM)}^{{\top}}", POWER)

    def on_outer(self, expression: Expression, parts: list[Text]) -> Text:
        first, second = (self.within(part, POWER) for part in parts)
        return Text(rf"{first} \otimes {second}", PRODUCT)

    def on_reduce(self, expression: Expression, parts: list[Text]) -> Text:
        kind, dims, _, _ = expression.data
        below = f"_{{{','.join(map(str, dims))}}}" if dims is not None else ""
        if kind == "mean":
            return Text(rf"\overline{{{parts[0].text}}}{below}")
        return Text(rf"\sum{below} {self.within(parts[0], PRODUCT)}", PRODUCT)

    def on_axes(self, expression: Expression, parts: list[Text]) -> Text:
        return parts[0]  # what broadcasts isn't written in mathematics

    def on_permute(self, expression: Expression, parts: list[Text]) -> Text:
        return Text(rf"\mathrm{{permute}}{self.bracketed(parts[0].text)}")

    def on_expand(self, expression: Expression, parts: list[Text]) -> Text:
        return parts[0]

    def on_einsum(self, expression: Expression, parts: list[Text]) -> Text:
        args = ", ".join(part.text for part in parts)
        return Text(
            rf"\mathrm{{einsum}}_{{{expression.data.replace('->', ',')}}}{self.bracketed(args)}"
        )

    # ---- calls ----------------------------------------------------------------------------------

    def on_call(self, expression: Expression, parts: list[Text]) -> Text:
        name, given = expression.data
        params = dict(given)
        if name in ("ones", "ones_like"):
            return Text(r"\mathbf{1}")
        if name in ("zeros", "zeros_like"):
            return Text(r"\mathbf{0}")
        if name == "eye":
            return Text("I")
        if name == "sqrt":
            return Text(rf"\sqrt{{{parts[0].text}}}")
        if name == "inverse":
            return Text(f"{self.within(parts[0], ATOM)}^{{-1}}", POWER)
        if name == "solve":
            matrix, vector = parts
            inverse = f"{self.within(matrix, ATOM)}^{{-1}}"
            return Text(self.joined([inverse, self.within(vector, POWER)]), PRODUCT)
        if name == "norm":
            order = params["ord"]
            below = "" if order == 2 else rf"_{{{latex_number(order)}}}"
            return Text(rf"\lVert {parts[0].text} \rVert{below}")
        if name == "one_hot":
            args = self.argued(f"{parts[0].text}, {params['size']}")
            return Text(rf"\mathrm{{onehot}}{args}")
        if name == "unit":
            return Text(f"e_{{{params['index']}}}")
        if name == "select":
            return Text(f"{self.within(parts[0], ATOM)}_{{{params['index']}}}")
        if name == "where":
            c, a, b = (part.text for part in parts)
            return Text(
                rf"\begin{{cases}} {a} & {c} \\ {b} & \text{{otherwise}} \end{{cases}}", ATOM
            )
        return self.applied(name, parts)

    def applied(self, name: str, parts: list[Text]) -> Text:
        """A function as its operation writes it, or by its name."""
        op = Op.registry.get({v: k for k, v in TEMPLATES.items()}.get(name, name))
        template = op.latex if op is not None else ""
        if template and name not in NAMED and len(parts) == template.count("{}"):
            encloses = any(mark in template for mark in ("({})", "|{}|", "{{{}}}", r"\lVert"))
            args = [p.text if encloses else self.argued(p.text) for p in parts]
            text = template.format(*args)
            return Text(text, POWER if "^" in template else ATOM)
        shown = NAMED.get(name) or rf"\mathrm{{{name.removeprefix('special_').replace('_', ' ')}}}"
        return Text(f"{shown}{self.argued(', '.join(part.text for part in parts))}")


WIDE = ("sum",)


def latex_name(name: str) -> str:
    r"""A name as LaTeX writes it.

    >>> latex_name("x"), latex_name("mu"), latex_name("d1"), latex_name("w_in"), latex_name("loss")
    ('x', '\\mu', 'd_{1}', 'w_{\\mathrm{in}}', '\\mathrm{loss}')
    """
    head, _, tail = name.partition("_")
    if not tail:
        match = re.fullmatch(r"([^\W\d]+)(\d+)", name)
        head, tail = (match[1], match[2]) if match else (name, "")
    shown = f"\\{head}" if head in GREEK else head if len(head) == 1 else rf"\mathrm{{{head}}}"
    if not tail:
        return shown
    below = tail if tail.isdigit() or len(tail) == 1 else rf"\mathrm{{{tail}}}".replace("_", r"\_")
    return f"{shown}_{{{below}}}"


def latex_number(value: float) -> str:
    if value in (float("inf"), float("-inf")):
        return r"\infty" if value > 0 else r"-\infty"
    return f"{value:g}"


# ---- Unicode ------------------------------------------------------------------------------------

RAISED = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")
LETTERS = {
    "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "epsilon": "ε", "eta": "η", "theta": "θ",
    "lambda": "λ", "mu": "μ", "nu": "ν", "xi": "ξ", "pi": "π", "rho": "ρ", "sigma": "σ", "tau": "τ",
    "phi": "φ", "chi": "χ", "psi": "ψ", "omega": "ω", "inf": "∞", "-inf": "-∞",
}  # fmt: skip
SIGNS = {"sigmoid": "σ", "ndtr": "Φ", "digamma": "ψ", "one_hot": "onehot", "math.log": "log"}
COMPARISONS = {"==": "=", "!=": "≠", "<": "<", "<=": "≤", ">": ">", ">=": "≥"}


class Unicode(Dialect):
    """One line for a terminal."""

    comment = "#"

    def on_name(self, expression: Expression, parts: list[Text]) -> Text:
        return Text(LETTERS.get(expression.data, expression.data))

    def on_power(self, expression: Expression, parts: list[Text]) -> Text:
        base, exponent = parts
        if exponent.text == "0.5":
            return Text(f"√{base.within(ATOM)}", POWER)
        if re.fullmatch(r"-?\d+", exponent.text):
            return Text(f"{base.within(ATOM)}{exponent.text.translate(RAISED)}", POWER)
        return Text(f"{base.within(ATOM)}^{exponent.within(ATOM)}", POWER)

    def on_product(self, expression: Expression, parts: list[Text]) -> Text:
        text = super().on_product(expression, parts)
        return Text(text.text.replace("*", "·"), text.binding)

    def on_sum(self, expression: Expression, parts: list[Text]) -> Text:
        text = super().on_sum(expression, parts)
        return Text(text.text.replace(" - ", " − "), text.binding)

    def on_compare(self, expression: Expression, parts: list[Text]) -> Text:
        first, second = (part.within(SUM) for part in parts)
        return Text(f"[{first} {COMPARISONS[expression.data]} {second}]")

    def on_logic(self, expression: Expression, parts: list[Text]) -> Text:
        sign = {"&": "∧", "|": "∨", "^": "⊕"}[expression.data]
        return Text(f"{parts[0].within(ATOM)} {sign} {parts[1].within(ATOM)}", COMPARE)

    def on_not(self, expression: Expression, parts: list[Text]) -> Text:
        return Text(f"¬{parts[0].within(ATOM)}", SIGN)

    def on_matmul(self, expression: Expression, parts: list[Text]) -> Text:
        return Text(" ".join(part.within(POWER) for part in parts), PRODUCT)

    def on_transpose(self, expression: Expression, parts: list[Text]) -> Text:
        return Text(f"{parts[0].within(ATOM)}ᵀ")

    def on_outer(self, expression: Expression, parts: list[Text]) -> Text:
        return Text(" ⊗ ".join(part.within(POWER) for part in parts), PRODUCT)

    def on_reduce(self, expression: Expression, parts: list[Text]) -> Text:
        kind, dims, _, _ = expression.data
        below = f", {', '.join(map(str, dims))}" if dims is not None else ""
        return Text(f"{'Σ' if kind == 'sum' else kind}({parts[0].text}{below})")

    def on_axes(self, expression: Expression, parts: list[Text]) -> Text:
        return parts[0]

    def on_permute(self, expression: Expression, parts: list[Text]) -> Text:
        return Text(f"permute({parts[0].text}, {', '.join(map(str, expression.data))})")

    def on_expand(self, expression: Expression, parts: list[Text]) -> Text:
        return parts[0]

    def on_call(self, expression: Expression, parts: list[Text]) -> Text:
        name, given = expression.data
        params = dict(given)
        if name in ("ones", "ones_like"):
            return Text("1")
        if name in ("zeros", "zeros_like"):
            return Text("0")
        if name == "eye":
            return Text("I")
        if name == "sqrt":
            return Text(f"√{parts[0].within(ATOM)}", POWER)
        if name == "inverse":
            return Text(f"{parts[0].within(ATOM)}⁻¹", POWER)
        if name == "norm":
            return Text(f"‖{parts[0].text}‖")
        if name == "unit":
            return Text(f"e[{params['index']}]")
        if name == "select":
            return Text(f"{parts[0].within(ATOM)}[{params['index']}]")
        shown = SIGNS.get(name, name.removeprefix("special_").removeprefix("math."))
        args = [part.text for part in parts]
        if name == "one_hot":
            args.append(params["size"])
        return Text(f"{shown}({', '.join(args)})")
