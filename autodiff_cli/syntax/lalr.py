"""The LALR(1) machine that runs the tables: a lexer loop and a shift-reduce loop.

Every symbol on the stack keeps the span of the text it came from, brackets included, so that a tree's
span is the text one would copy. Both loops are linear and neither recurses.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeAlias

from autodiff_cli.errors import SourceSyntaxError
from autodiff_cli.source import Span
from autodiff_cli.syntax.tables import INLINE, KEEP, Tables

END = "$END"
Build: TypeAlias = Callable[[str, list[Any], Span], object]
OPENING = {"(": ")", "[": "]", "{": "}"}


class Token:
    """A terminal's name, its text, and where it stands."""

    __slots__ = ("end", "kind", "start", "text")

    def __init__(self, kind: str, text: str, start: int, end: int) -> None:
        self.kind = kind
        self.text = text
        self.start = start
        self.end = end


class UnexpectedCharacter(Exception):
    """No terminal starts here."""

    def __init__(self, offset: int) -> None:
        super().__init__(offset)
        self.offset = offset


class UnexpectedToken(Exception):
    """The grammar allows other terminals here."""

    def __init__(
        self,
        token: Token,
        previous: Token | None,
        expected: frozenset[str],
        states: list[int],
    ) -> None:
        super().__init__(token)
        self.token = token
        self.previous = previous
        self.expected = expected
        self.states = states


class Parser:
    """A parser for one grammar.

    Args:
        tables: what lark made of the grammar.
        build: `build(name, children, span)`: makes a tree of a complete rule.
    """

    def __init__(self, tables: Tables, build: Build) -> None:
        self.tables = tables
        self.build = build
        self.pattern = re.compile(tables.pattern)
        self.passes_on = [
            single and parts == ((KEEP, 0),) and length == 1
            for _, length, _, single, parts in tables.rules
        ]
        self.passed_on: dict[tuple[int, int, str], int] = {}

    def tokens(self, text: str) -> Iterator[Token]:
        """The terminals of a text; line ends inside brackets don't count."""
        match = self.pattern.match
        literals, keywords = self.tables.literals, self.tables.keywords
        offset, depth, length = 0, 0, len(text)
        while offset < length:
            found = match(text, offset)
            if found is None:
                raise UnexpectedCharacter(offset)
            kind = found.lastgroup
            assert kind is not None
            word = found[kind]
            start, offset = offset, found.end()
            if kind == "skip":
                continue
            if kind == "literal":
                kind = literals[word]
                if word in "([{":
                    depth += 1
                elif word in ")]}":
                    depth -= 1
            elif kind == "NAME":
                kind = keywords.get(word, kind)
            elif kind == "_SEP" and depth > 0 and word != ";":
                continue
            yield Token(kind, word, start, offset)

    def parse(self, text: str) -> object:
        """The tree of a whole text.

        Raises:
            UnexpectedCharacter, UnexpectedToken: the text is not in the language.
        """
        return self.run(self._with_end(text))

    def accepts(self, text: str) -> bool:
        """Whether a text is in the language, and its tree can be built."""
        try:
            self.parse(text)
        except (UnexpectedCharacter, UnexpectedToken, SourceSyntaxError):
            return False
        return True

    def run(self, tokens: Iterable[Token], build: Build | None = None) -> object:
        """The tree of a sequence of terminals that ends with `END`; `build` in place of the parser's."""
        rules, states, build = self.tables.rules, self.tables.states, build or self.build
        passes_on = self.passes_on
        at = [self.tables.start]
        values: list[object] = []
        spans: list[Span] = []
        previous: Token | None = None
        for token in tokens:
            kind = token.kind
            while True:
                if at[-1] == self.tables.end:
                    return values[0]
                action = states[at[-1]].get(kind)
                if action is None:
                    expected = frozenset(symbol for symbol in states[at[-1]] if symbol.isupper())
                    raise UnexpectedToken(token, previous, expected, at)
                if action >= 0:
                    break
                if passes_on[~action]:
                    key = at[-2], at[-1], kind
                    if key not in self.passed_on:
                        self.passed_on[key] = self._passed_on(*key)
                    at[-1] = self.passed_on[key]
                    continue
                origin, length, name, single, parts = rules[~action]
                first = len(values) - length
                span = (
                    Span(spans[first].start, spans[-1].end)
                    if length
                    else Span(token.start, token.start)
                )
                children = _children(values[first:], parts)
                if single and len(children) == 1:
                    value: object = children[0]
                elif name:
                    value = build(name, children, span)
                else:
                    value = children
                del values[first:], spans[first:], at[first + 1 :]
                values.append(value)
                spans.append(span)
                at.append(states[at[-1]][origin])
            at.append(action)
            values.append(token.text)
            spans.append(Span(token.start, token.end))
            previous = token
        raise AssertionError("the end token accepts or raises")

    def viable(self, states: list[int]) -> frozenset[str]:
        """The terminals that a stack of states can go on with.

        The last state alone allows some more: those that may follow its reductions elsewhere.
        """
        table, rules = self.tables.states, self.tables.rules
        result = set()
        for kind in filter(str.isupper, table[states[-1]]):
            kept, tail = len(states), list[int]()  # the stack: states[:kept] and then tail
            while True:
                top = tail[-1] if tail else states[kept - 1]
                action = table[top].get(kind)
                if action is None or action >= 0:
                    break
                origin, length, *_ = rules[~action]
                kept -= max(0, length - len(tail))
                del tail[max(0, len(tail) - length) :]
                below = tail[-1] if tail else states[kept - 1]
                tail.append(table[below][origin])
            if action is not None:
                result.add(kind)
        return frozenset(result)

    def _passed_on(self, below: int, top: int, kind: str) -> int:
        """The state after every reduction that only passes an operand up the levels of precedence.

        An atom goes through a dozen of them, always the same ones for the states around it.
        """
        rules, states = self.tables.rules, self.tables.states
        while True:
            action = states[top].get(kind)
            if action is None or action >= 0:
                return top
            if not self.passes_on[~action]:
                return top
            top = states[below][rules[~action][0]]

    def _with_end(self, text: str) -> Iterator[Token]:
        yield from self.tokens(text)
        yield Token(END, "", len(text), len(text))


def _children(values: list[object], parts: tuple[tuple[int, int], ...]) -> list[object]:
    children: list[object] = []
    for number, (kind, position) in enumerate(parts):
        if kind == KEEP:
            children.append(values[position])
        elif kind == INLINE:
            inner = values[position]
            assert isinstance(inner, list)
            if number == 0:
                children = inner  # ours alone: growing it in place keeps long lists linear
            else:
                children += inner
        else:
            children.append(None)
    return children
