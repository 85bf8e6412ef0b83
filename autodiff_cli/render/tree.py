"""A graph as a tree in the terminal, beside what each node has: function, value, gradient.

A node that several read is drawn once, and referred to elsewhere. Where the tree gets deeper than the width
has room for, it goes on at the left margin.
"""

from __future__ import annotations

import io
from collections import Counter

from rich.console import Console
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from autodiff_cli.evaluation.structure import Graph
from autodiff_cli.render.brief import brief, shortened

GUIDE = 4  # columns of a level
LEAST = 14  # columns of the deepest node's text


def tree_text(graph: Graph, width: int, digits: int = 4, *, color: bool = False) -> str:
    """The tree, from the result down to the inputs.

    Args:
        graph: of a text.
        width: columns.
        digits: of its numbers.
        color: whether there is colour.
    """
    most = max(width * 9 // 20, LEAST + GUIDE)
    cells: list[list[str | Text]] = []
    for line, at, elsewhere in _Drawn(graph, levels=(most - LEAST) // GUIDE).rows:
        vertex = graph.vertices[at]
        line.truncate(most, overflow="ellipsis")
        function = vertex.grad_fn or ("leaf" if vertex.is_leaf else "")
        values = [brief(vertex.value, digits), brief(vertex.gradient, digits)]
        cells.append([line, elsewhere] if elsewhere else [line, function, *values])
    heads = ["node", "function", "value", "gradient"]
    if not any(vertex.gradient is not None for vertex in graph.vertices):
        heads.pop()
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    looks = ("", "cyan", "", "green")
    for head, columns, look in zip(heads, _widths(heads, cells, width), looks):
        table.add_column(head, width=columns, no_wrap=True, overflow="ellipsis", style=look)
    for row in cells:
        table.add_row(*[Text(c) if isinstance(c, str) else c for c in row[: len(heads)]])
    return _printed(table, width, color)


def _widths(heads: list[str], cells: list[list[str | Text]], width: int) -> list[int]:
    """The columns' widths: what nodes and functions leave is the values', by what they need."""
    need = [
        max(len(head), *[len(row[at]) for row in cells if at < len(row)])
        for at, head in enumerate(heads)
    ]
    need[1] = min(need[1], width // 4)
    left = max(width - sum(need[:2]) - 2 * len(heads) + 2, 12)
    shown = need[2:]
    if sum(shown) > left:
        share = left // len(shown)
        spare = left - sum(min(n, share) for n in shown)
        shown = [n if n <= share else min(n, share + spare) for n in shown]
        shown[-1] = min(shown[-1], left - sum(shown[:-1]))
    return [*need[:2], *shown]


class _Drawn:
    """The lines of the tree: with the vertex that each stands for, and where it is drawn if not there."""

    def __init__(self, graph: Graph, levels: int) -> None:
        self.graph = graph
        self.levels = levels
        self.read = Counter(o for vertex in graph.vertices for o in set(vertex.operands))
        same = Counter(vertex.label for vertex in graph.vertices)
        self.numbered = {  # those that a reference has to tell apart
            at for at, v in enumerate(graph.vertices) if same[v.label] > 1 and self.read[at] > 1
        }
        self.alike = {at for at, v in enumerate(graph.vertices) if same[v.label] > 1}
        self.rows: list[tuple[Text, int, str]] = []
        done: set[int] = set()
        waiting = list(reversed(graph.roots))
        while waiting:
            root = waiting.pop()
            if root not in done:
                waiting += reversed(self._draw(root, done))

    def _draw(self, root: int, done: set[int]) -> list[int]:
        """Add the tree below a vertex; returns those at which it is to go on."""
        top = Tree(self._label(root))
        shown = [(root, "")]
        done.add(root)
        later: list[int] = []
        stack = [(o, top, 1) for o in self._operands(root)]
        while stack:
            at, parent, level = stack.pop()
            operands = self._operands(at)
            where = "(above)" if at in done else "(below)" if at in later else ""
            if not where and operands and level >= self.levels:
                where = "(below)"
                later.append(at)
                self.numbered |= {at} & self.alike
            branch = parent.add(self._label(at))
            shown.append((at, where))
            if not where:
                done.add(at)
                stack += [(o, branch, level + 1) for o in operands]
        wide = Console(width=100_000, file=io.StringIO(), color_system=None)
        lines = wide.render_lines(top, pad=False)
        for line, (at, where) in zip(lines, shown, strict=True):
            text = Text("".join(segment.text for segment in line).rstrip())
            self.rows.append((text, at, where))
        return later

    def _operands(self, at: int) -> list[int]:
        """Each once, the last first."""
        return list(dict.fromkeys(self.graph.vertices[at].operands))[::-1]

    def _label(self, at: int) -> Text:
        vertex = self.graph.vertices[at]
        number = f"#{at} " if at in self.numbered else ""
        times = f" × {vertex.count:,}" if vertex.count > 1 else ""
        return Text(f"{number}{shortened(vertex.label, 60)}{times}", no_wrap=True)


def _printed(table: Table, width: int, color: bool) -> str:
    out = io.StringIO()
    console = Console(
        file=out, width=width, force_terminal=color, color_system="standard" if color else None,
        highlight=False, markup=False, emoji=False, legacy_windows=False,
    )  # fmt: skip
    console.print(table)
    return "\n".join(line.rstrip() for line in out.getvalue().rstrip("\n").split("\n"))
