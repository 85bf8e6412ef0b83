"""Parser tables: what lark makes of a grammar, as plain data.

Lark reads the grammar, checks it and computes the LALR(1) tables. That takes 150 ms, and importing lark
a quarter of `import numpy`, so it is done once: building the wheel writes the tables as a Python module
of literals beside this file (`hatch_build.py`), and a program start only imports that. Where the module
is missing, or was made from another grammar text, the tables are computed in memory.
"""

from __future__ import annotations

from binascii import crc32
from importlib import import_module
from os.path import dirname, join
from typing import TYPE_CHECKING, Any, TypeAlias

from autodiff_cli.errors import AutodiffError
from autodiff_cli.record import Record

if TYPE_CHECKING:
    from lark import Lark

PACKAGE = dirname(dirname(__file__))  # not pathlib: it takes 4 ms to import
KEEP, INLINE, PLACEHOLDER = range(3)
IMPORTS = {"program": ("expression",)}

# What to do when a right-hand side is complete:
# - the terminal or rule name it reduces to;
# - how many symbols it takes off the stack;
# - the name of what it builds: its alias, or the rule's name, as the grammar that defines it has them;
#   "" to pass on its children;
# - whether one child alone is passed on as it is (`?rule`);
# - for each child of the result: (KEEP or INLINE, position) or (PLACEHOLDER, 0).
Rule: TypeAlias = tuple[str, int, str, bool, tuple[tuple[int, int], ...]]


class Tables(Record):
    """A parser as data.

    Attributes:
        crc: `checksum` of the grammar.
        pattern: one regular expression, a named group for each terminal that is not a literal, and
            `literal` for all that are; the group `skip` is white space and comments.
        literals: terminal name of each punctuation mark.
        keywords: terminal name of each word that would also match NAME.
        rules: the rules, by number.
        states: for each state: symbol -> next state, or ~rule to reduce.
        start, end: the state to begin and the state that accepts.
    """

    crc: int
    pattern: str
    literals: dict[str, str]
    keywords: dict[str, str]
    rules: tuple[Rule, ...]
    states: tuple[dict[str, int], ...]
    start: int
    end: int


class IncompleteInstallation(AutodiffError):
    """A part of the package itself is missing."""


def grammar_text(name: str) -> str:
    """The text of `grammar/NAME.lark`, in the wheel or in the checkout; a wheel may be a zip file.

    Raises:
        IncompleteInstallation: it is in neither.
    """
    loader: Any = __spec__.loader  # of files, or of the zip file
    for folder in (PACKAGE, dirname(PACKAGE)):
        try:
            return str(loader.get_data(join(folder, "grammar", f"{name}.lark")), "utf-8")
        except OSError:
            continue
    raise IncompleteInstallation(
        f"grammar/{name}.lark is missing: it is neither in {PACKAGE} nor beside it",
        hint="install the package, or run the wheel that `pip wheel .` makes",
    )


def imported(_: object, path: str) -> tuple[str, str]:
    """A grammar that another imports, for lark: what it is called in errors, and its text."""
    return path, grammar_text(path.removesuffix(".lark"))


def checksum(name: str) -> int:
    """The checksum of a grammar's text and of those it imports."""
    return crc32("".join(map(grammar_text, (name, *IMPORTS.get(name, ())))).encode())


def shipped(name: str) -> Tables | None:
    """The tables that came with the package, unless they are missing or of another grammar text."""
    try:
        tables = Tables(*import_module(f"autodiff_cli.syntax._{name}_tables").TABLES)
    except ImportError:
        return None
    return tables if tables.crc == checksum(name) else None


def load(name: str) -> Tables:
    """The tables of a grammar: as shipped, or else computed."""
    return shipped(name) or compute(name)


def module_text(name: str) -> str:
    """The source of the module of literals that `load` imports."""
    tables = compute(name)
    plain = tuple(getattr(tables, field) for field in tables.fields)
    heading = f"Tables of grammar/{name}.lark, written by hatch_build.py."
    return f'"""{heading}"""\n\nfrom typing import Any\n\nTABLES: tuple[Any, ...] = {plain!r}\n'


def loaded(name: str) -> Lark:
    """A grammar as lark reads it."""
    from lark import Lark

    return Lark(
        grammar_text(name),
        parser="lalr",
        lexer="basic",
        maybe_placeholders=True,
        import_paths=[imported],
    )


def compute(name: str) -> Tables:
    """Let lark analyse a grammar, and take the tables out of what it would save."""
    from lark.grammar import Rule as LarkRule
    from lark.lexer import TerminalDef

    lark = loaded(name)
    data, _ = lark.memo_serialize([TerminalDef, LarkRule])
    table = data["parser"]["parser"]
    rules = tuple(_rule(rule) for rule in lark.rules)
    by_identity = {rule: number for number, rule in enumerate(lark.rules)}
    states = {
        state: {
            str(token): ~by_identity[target] if action.name == "Reduce" else target
            for token, (action, target) in sorted(actions.items())
        }
        for state, actions in lark.parser.parser._parse_table.states.items()
    }
    order = _reachable(states, table["start_states"]["start"])
    number = {state: position for position, state in enumerate(order)}
    pattern, literals, keywords = _lexer(lark)
    return Tables(
        checksum(name),
        pattern,
        literals,
        keywords,
        rules,
        tuple(
            {token: target if target < 0 else number[target] for token, target in states[s].items()}
            for s in order
        ),
        number[table["start_states"]["start"]],
        number[table["end_states"]["start"]],
    )


def _reachable(states: dict[int, dict[str, int]], start: int) -> list[int]:
    """The states in breadth-first order: lark's own numbers differ from run to run."""
    order = [start]
    seen = {start}
    for state in order:
        for target in states[state].values():
            if target >= 0 and target not in seen:
                seen.add(target)
                order.append(target)
    return order


def _rule(rule: object) -> Rule:
    from lark.grammar import Rule as LarkRule

    assert isinstance(rule, LarkRule)
    origin = str(rule.origin.name)
    hidden = origin.startswith("_")
    parts: list[tuple[int, int]] = []
    position = 0
    for is_absent in rule.options.empty_indices:  # where absent [optionals] stand among the symbols
        if is_absent:
            parts.append((PLACEHOLDER, 0))
        else:
            parts += _part(rule, position)
            position += 1
    for rest in range(position, len(rule.expansion)):
        parts += _part(rule, rest)
    return (
        origin,
        len(rule.expansion),
        "" if hidden and not rule.alias else str(rule.alias or origin).rpartition("__")[2],
        bool(rule.options.expand1) and not rule.alias,
        tuple(parts),
    )


def _part(rule: object, position: int) -> list[tuple[int, int]]:
    from lark.grammar import Rule as LarkRule
    from lark.grammar import Terminal

    assert isinstance(rule, LarkRule)
    symbol = rule.expansion[position]
    if isinstance(symbol, Terminal):
        dropped = symbol.filter_out and not rule.options.keep_all_tokens
        return [] if dropped else [(KEEP, position)]
    return [(INLINE if symbol.name.startswith("_") else KEEP, position)]


def _lexer(lark: Lark) -> tuple[str, dict[str, str], dict[str, str]]:
    import re

    name_pattern = next(t.pattern.value for t in lark.terminals if t.name == "NAME")
    texts = {t.pattern.value: t.name for t in lark.terminals if t.pattern.type == "str"}
    keywords = {text: name for text, name in texts.items() if re.fullmatch(name_pattern, text)}
    keywords = {str(text): str(name) for text, name in keywords.items()}
    literals = {str(t): str(name) for t, name in texts.items() if t not in keywords}
    patterns = [t for t in lark.terminals if t.pattern.type == "re"]
    skipped = [t.pattern.to_regexp() for t in patterns if t.name in lark.ignore_tokens]
    kept = sorted(
        (t for t in patterns if t.name not in lark.ignore_tokens),
        key=lambda t: (-t.priority, -len(t.pattern.value)),
    )
    groups = [f"(?P<{t.name}>{_uncaptured(t.pattern.to_regexp())})" for t in kept]
    longer = sorted((text for text in literals if len(text) > 1), key=len, reverse=True)
    single = "".join(re.escape(text) for text in literals if len(text) == 1)
    groups.append(f"(?P<literal>{'|'.join(map(re.escape, longer))}|[{single}])")
    groups.append(f"(?P<skip>{_uncaptured('|'.join(skipped))})")
    return "|".join(groups), literals, keywords


def _uncaptured(pattern: str) -> str:
    """The pattern with groups that don't capture: those take half the time to compile, at every start."""
    import re

    escape_class_or_group = r"\\.|\[(?:\\.|[^\]\\])*\]|\((?!\?)"
    return re.sub(escape_class_or_group, lambda m: "(?:" if m[0] == "(" else m[0], pattern)
