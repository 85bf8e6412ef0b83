"""Texts in other notations (LaTeX, calculators, paper), written as they are here. Imported only for an error.

`rewritten` proposes what the parser then has to accept: it may miss a notation, and never proposes what is
no expression.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable

GRADIENTS = "the gradient by every input is printed anyway"
QUOTES = "“”‘’„«»`"
# What to write for a character that the language doesn't have.
CHARACTERS = {
    **dict.fromkeys("×·⋅∙∗•", "*"), **dict.fromkeys("÷∕", "/"), **dict.fromkeys("−–—‐‑", "-"),
    "≤": "<=", "≥": ">=", "⩽": "<=", "⩾": ">=", "≠": "!=", "∞": "inf", "½": "(1/2)",
    "⅓": "(1/3)", "¼": "(1/4)", "¾": "(3/4)", "⅔": "(2/3)", "∧": " and ", "∨": " or ", "¬": "not ", "＋": "+",
    "∈": " in ", "°": "*pi/180", "⊤": ".T", "ᵀ": ".T", "′": "", "→": "", "⊙": "*", "∘": "*", "…": "...",
    **dict.fromkeys("“”„«»", '"'), **dict.fromkeys("‘’`", "'"), "\u00a0": " ", "\u2009": " ", "\u200b": "",
}  # fmt: skip
# And why, where it is no plain replacement.
NOTES = {
    **dict.fromkeys("∂∇", f"{GRADIENTS}: write the function alone"),
    "∫": "an integral of samples is trapezoid(y, x)",
    "±": "a deviation stands behind an input's value: autodiff 'x**2' x=1±0.1",
    "→": "write the function alone: x**2",
    "°": "degrees are written x*pi/180, or deg2rad(x)",
    "≈": "write isclose(a, b)",
    "%": "a percentage is written x/100; a % b is the remainder",
    "ᵀ": "write A.T", "⊤": "write A.T", "′": "a transpose is written A.T",
    "€": "write the number alone", "£": "write the number alone",
    "∑": "write sum(x)", "Σ": "write sum(x)", "∏": "write prod(x)", "√": "write sqrt(x)",
    "∛": "write x**(1/3)",
    "⌊": "write floor(x)", "⌋": "write floor(x)", "⌈": "write ceil(x)", "⌉": "write ceil(x)",
    "‖": "write norm(x)", "∥": "write norm(x)", "∘": "write f(g(x)) for functions, x*y for numbers",
    "\\": "this is LaTeX: write sin(x), x/2, x**2", "$": "write the formula without $: x**2",
    "?": "a choice is written a if condition else b",
    "!": "write 'not x', or '!=' for unequal",
    "^": "write '**' for a power",
    **dict.fromkeys("{}", "group with parentheses; lists are written [1, 2]"),
    **dict.fromkeys(QUOTES, "strings stand in straight quotes: 'mean'"),
}  # fmt: skip
LATEX = {
    "cdot": "*", "times": "*", "ast": "*", "div": "/", "le": "<=", "leq": "<=", "ge": ">=", "geq": ">=",
    "ne": "!=", "neq": "!=", "infty": "inf", "ln": "log", "arcsin": "asin", "arccos": "acos",
    "arctan": "atan", "quad": " ", "lambda": "lam",
    **dict.fromkeys("left right displaystyle mathrm mathbf operatorname text".split(), ""),
    "dfrac": "frac", "tfrac": "frac", "top": "T", "tg": "tan",
}  # fmt: skip
INVERSES = {
    name: f"a{name}" for name in ("sin", "cos", "tan", "sinh", "cosh", "tanh")
}  # fmt: skip
FUNCTIONS = (
    "sin|cos|tan|asin|acos|atan|sinh|cosh|tanh|exp|log|ln|sqrt|abs|relu|sigmoid|log2|log10|erf|sum|mean|prod|"
    "norm|det|trace|max|min"
)
WORDS = "and|or|not|if|else|in|is|for"
OPERATORS = {
    "mod": " % ",
    "div": " // ",
    "times": "*",
    "plus": " + ",
    "minus": " - ",
    "xor": " != ",
}
SUPERSCRIPTS_OF = "⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺ⁿˣ"
SUPERSCRIPTS = str.maketrans(SUPERSCRIPTS_OF, "0123456789-+nx")
SUBSCRIPTS = str.maketrans("₀₁₂₃₄₅₆₇₈₉ₓₐₑₒᵢⱼₙₖₜ", "0123456789xaeoijnkt")
OPERAND = r"\w+(?:\.\w+)*|\([^()]*\)"
LONGEST = 120  # characters of a text that is worth writing again


def instead_of(character: str) -> str | None:
    """What to write for a character that the language doesn't have.

    >>> instead_of("×"), instead_of("√")
    ("write '*'", 'write sqrt(x)')
    """
    if character in NOTES:
        return NOTES[character]
    if character in SUPERSCRIPTS_OF:
        return f"{NOTES['^']}: x**2"
    return f"write '{CHARACTERS[character].strip()}'" if character in CHARACTERS else None


def rewritten(text: str, parses: Callable[[str], bool]) -> str | None:
    """The text in this language's notation; None if it isn't another one, or stays unclear.

    Args:
        text: what can't be parsed.
        parses: whether a text is an expression.

    >>> rewritten("2x + sin^2(x)", lambda text: True)
    '2*x + sin(x)**2'
    >>> rewritten(r"\\\\frac{x}{2}", lambda text: True)
    'x/2'
    """
    if len(text) > LONGEST:
        return None
    result = text
    for change in CHANGES:
        result = change(result)
    result = re.sub(" {2,}", " ", result.strip())
    return result if result and result != text.strip() and parses(result) else None


NTH = r"(?:\^\d|\*\*\d|[²³])?"
DERIVATIVES = (
    rf"[d∂]{NTH}\s*/\s*[d∂]\s*\w+?{NTH}\s*\*?\s*(?P<body>[\W_].*|(?<=\s)\w.*)",
    r"[d∂]\s*(?P<body>\(.+\)|\[.+\])\s*/\s*[d∂]\s*\w+",
    r"(?P<body>[d∂]\w*\s*/\s*[d∂]\s*\w+)",
)


def derivative(text: str) -> str | None:
    """What to write for a derivative in mathematics' notation; None if the text is none.

    >>> derivative("d/dx (x**2)")
    'the gradient by every input is printed anyway: write x**2'
    """
    text = _latex(text).strip()
    for pattern in DERIVATIVES:
        found = re.fullmatch(pattern, text)
        if found is not None:
            body = found["body"].strip(" *")
            if body.startswith("[") or (
                body.startswith("(") and _operand_end(body, 0) == len(body)
            ):
                body = body[1:-1]
            if "/" in body and body[0] in "d∂":
                body = "the function alone"
            for change in CHANGES:
                body = change(body)
            return f"{GRADIENTS}: write {body}"
    return None


DEFINITION = re.compile(
    r"\s*(?:\w+\s*\([\w\s,]*\)\s*:?=(?!=)|(?P<of>\w+)\s*(?:->|=>|→|↦)(?=.*\b(?P=of)\b))"
    r"(?P<body>[^;\n]+)(?:;.*)?"
)


def _definition(text: str) -> str:
    """The right side of `f(x) = x**2` and `x -> x**2`."""
    found = DEFINITION.fullmatch(text)
    return text if found is None else found["body"]


def _latex(text: str) -> str:
    if not re.search(r"[\\$]|[_^]\{", text):
        return text
    text = re.sub(r"\$|\\[()\[\],;!: ]|\\displaystyle", "", text)
    text = re.sub(r"\\([A-Za-z]+)\s*", lambda found: _command(found[1]), text)
    group = r"\{([^{}]*)\}"
    for _ in range(text.count("{") + 1):
        before = text
        text = re.sub(
            rf"\\frac\s*{group}\s*{group}", lambda f: f"{_whole(f[1])}/{_whole(f[2])}", text
        )
        text = re.sub(
            rf"\\sqrt\s*\[(\w+)\]\s*{group}", lambda f: f"{_whole(f[2])}**(1/{f[1]})", text
        )
        text = re.sub(rf"\\sqrt\s*{group}", r"sqrt(\1)", text)
        text = re.sub(rf"\^\s*{group}", lambda f: "^" + _whole(f[1]), text)
        text = re.sub(rf"_\s*{group}", r"_\1", text)
        if text == before:
            text = re.sub(group, r"(\1)", text, count=1)
    text = re.sub(r"\s+_", "_", text.replace("\\", " ").strip())
    text = re.sub(rf"\b({FUNCTIONS})\s+\(", r"\1(", text)
    words = rf"(?:{FUNCTIONS}|{WORDS})\b"
    return re.sub(rf"\b(?!{words})([^\W\d]\w*|\d[\w.]*)\s+(?!(?:{WORDS})\b)(?=[\w(])", r"\1*", text)


def _command(name: str) -> str:
    """A command of LaTeX's: an operator, or a name with a backslash that still parts it from others."""
    name = LATEX.get(name, name)
    return f"\\{name} " if name.isalpha() else name


def _whole(text: str) -> str:
    return text if re.fullmatch(r"-?[\w.]+", text.strip()) else f"({text})"


def _characters(text: str) -> str:
    text = re.sub(r"√\s*(\([^()]*\)|\w+)", lambda f: f"sqrt({f[1].strip('()')})", text)
    text = re.sub(r"∛\s*(\([^()]*\)|\w+)", lambda f: f"{f[1]}**(1/3)", text)
    text = re.sub(r"[∑Σ]\s*(\([^()]*\)|\w+)", lambda f: f"sum({f[1].strip('()')})", text)
    text = re.sub(r"∏\s*(\([^()]*\)|\w+)", lambda f: f"prod({f[1].strip('()')})", text)
    for opening, closing, name in (
        ("⌊", "⌋", "floor"),
        ("⌈", "⌉", "ceil"),
        ("‖", "‖", "norm"),
        ("∥", "∥", "norm"),
    ):
        text = re.sub(f"{opening}([^{opening}{closing}]*){closing}", rf"{name}(\1)", text)
    text = re.sub(f"[{SUPERSCRIPTS_OF}]+", lambda f: "^" + f[0].translate(SUPERSCRIPTS), text)
    text = re.sub("[₀₁₂₃₄₅₆₇₈₉ₓₐₑₒᵢⱼₙₖₜ]+", lambda f: "_" + f[0].translate(SUBSCRIPTS), text)
    text = re.sub(r"(\d)(?=[½⅓¼¾⅔])", r"\1+", text)
    text = re.sub(r"(?<=[^\W\d])π", "*pi", re.sub(r"π(?=[^\W\d])", "pi*", text)).replace("π", "pi")
    text = "".join(CHARACTERS.get(letter, letter) for letter in text)
    return "".join(
        unicodedata.normalize("NFKC", letter) if 0xFF01 <= ord(letter) <= 0xFF5E else letter
        for letter in text
    )


def _powers(text: str) -> str:
    """`^`, also behind a function's name: `sin^2(x)`, `tan^-1(x)`."""
    text = re.sub(r"\blog_(2|10)\b", r"log\1", text)
    text = re.sub(r"\^\s*T\b", ".T", text)
    names = "|".join(INVERSES)
    text = re.sub(
        rf"\b({names})(?:\^|\*\*)\s*(?:\(-1\)|-1)(?=\s*[(\w])", lambda f: INVERSES[f[1]], text
    )
    found = re.search(rf"\b({FUNCTIONS})(?:\^|\*\*)\s*(\d+)\s*", text)
    while found is not None:
        end = _operand_end(text, found.end())
        if end is None:
            break
        inside = text[found.end() : end]
        call = inside if inside.startswith("(") else f"({inside})"
        text = f"{text[: found.start()]}{found[1]}{call}**{found[2]}{text[end:]}"
        found = re.search(rf"\b({FUNCTIONS})(?:\^|\*\*)\s*(\d+)\s*", text)
    return text.replace("^", "**")


def _operand_end(text: str, start: int) -> int | None:
    """Where the parentheses, or the name, that begin at `start` end."""
    if text[start : start + 1] != "(":
        found = re.compile(r"\w+").match(text, start)
        return found.end() if found else None
    depth = 0
    for place in range(start, len(text)):
        depth += (text[place] == "(") - (text[place] == ")")
        if not depth:
            return place + 1
    return None


def _bars(text: str) -> str:
    return re.sub(r"(?<![\w)\]|])\s*\|([^|]+)\|(?!\|)", r"abs(\1)", text)


def _calls(text: str) -> str:
    """`sin x`, `ln(x)`, `x sin(x)`, `x mod 2`."""
    text = re.sub(r"\bln\b", "log", text)
    for word, sign in OPERATORS.items():
        text = re.sub(rf"(?<=[\w)\]])\s+{word}\s+(?=[\w(])", sign, text)
    text = re.sub(rf"\b({FUNCTIONS})\s+([\w.]+)(?!\s*\()", r"\1(\2)", text)
    return re.sub(
        rf"\b(?!(?:{WORDS}|{FUNCTIONS})\b)([^\W\d]\w*)\s+(?=(?!(?:{WORDS})\b)[^\W\d]\w*\()",
        r"\1*",
        text,
    )


def _products(text: str) -> str:
    """`2x`, `2(x+1)`, `(x+1)(x-1)`."""
    number = r"(?<![\w.])(\d+\.?\d*|\.\d+)"
    text = re.sub(
        rf"{number}\s*(?![eE](?:[+-]?\d|\b)|[jJ]\b|[xX]\d|(?:{WORDS})\b)(?=[^\W\d]|\()",
        r"\1*",
        text,
    )
    return re.sub(rf"\)\s*(?!(?:{WORDS})\b)(?=\(|[^\W\d])", ")*", text)


def _signs(text: str) -> str:
    text = text.replace("&&", " and ").replace("||", " or ").replace("<>", "!=")
    text = text.replace("=>", ">=").replace("=<", "<=")
    text = re.sub(r"(?<![\w)])!(?!=)\s*", "not ", text)
    text = re.sub(r"(?<![\w.)])(\d{1,2})!(?!=)", lambda f: str(math.factorial(int(f[1]))), text)
    text = re.sub(rf"({OPERAND})!(?!=)", lambda f: f"exp(lgamma({f[1].strip('()')} + 1))", text)
    text = re.sub(r"(\w+)\s*%(?=\s*(?:[*/+)-]|$))", r"\1/100", text)
    return re.sub(
        r"(.+)\?(.+):(.+)", lambda f: f"{f[2].strip()} if {f[1].strip()} else {f[3].strip()}", text
    )


def _equation(text: str) -> str:
    """`x**2 = 9`, which is no assignment."""
    found = re.fullmatch(r"([^=<>!;:]+)=([^=<>!;:]+)", text)
    return text if found is None or found[1].strip().isidentifier() else f"{found[1]}=={found[2]}"


CHANGES: tuple[Callable[[str], str], ...] = (
    _definition, _latex, _characters, _signs, _powers, _bars, _calls, _products, _equation,
)  # fmt: skip
