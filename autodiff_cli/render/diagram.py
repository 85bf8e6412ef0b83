"""A graph for other programs: Graphviz's DOT, Mermaid, JSON. Edges lead from operands to what they make."""

from __future__ import annotations

from typing import Any

from autodiff_cli.evaluation.structure import Graph, Vertex
from autodiff_cli.render.brief import brief, shortened
from autodiff_cli.render.document_json import line, numbers

TEXT = 60  # characters of a label's line
WHOLE = 1000  # elements that JSON has all of
MERMAID = str.maketrans({'"': "#quot;", "#": "#35;", "<": "#lt;", ">": "#gt;", "&": "#amp;"})
DOT = str.maketrans({"\\": "\\\\", '"': '\\"'})


def dot_text(graph: Graph, digits: int = 4) -> str:
    """The graph in Graphviz's language, a box for each vertex.

    Args:
        graph: of a text.
        digits: of its numbers.
    """
    lines = [
        "digraph autodiff {",
        "  rankdir=BT",
        '  node [shape=box, style="rounded,filled", fillcolor=white, fontname="Helvetica", fontsize=11]',
        '  edge [color="#555555"]',
    ]
    for at, vertex in enumerate(graph.vertices):
        label = "\\n".join(line.translate(DOT) for line in _lines(vertex, digits))
        lines.append(f'  n{at} [label="{label}"{_look(vertex, at in graph.roots)}]')
    lines += [f"  n{a} -> n{b}" for a, b in _edges(graph)]
    return "\n".join([*lines, "}"])


def _look(vertex: Vertex, is_root: bool) -> str:
    if vertex.is_leaf:
        return ', fillcolor="#cfe8ff"'
    if not vertex.operands:
        return ', fillcolor="#eeeeee"'
    return ', fillcolor="#ffe9c7", penwidth=2' if is_root else ""


def mermaid_text(graph: Graph, digits: int = 4) -> str:
    """The graph as a Mermaid flowchart, as Markdown pages show it."""
    lines = ["flowchart LR"]
    for at, vertex in enumerate(graph.vertices):
        label = "<br>".join(line.translate(MERMAID) for line in _lines(vertex, digits))
        left, right = ("[", "]") if vertex.operands else ("([", "])")
        lines.append(f'  n{at}{left}"{label}"{right}')
    lines += [f"  n{a} --> n{b}" for a, b in _edges(graph)]
    return "\n".join(lines)


def json_text(graph: Graph) -> str:
    """The graph as one JSON object: nodes, edges, and which nodes are the results.

    Of arrays of more than 1,000 elements there is the range alone.
    """
    record = {
        "nodes": [_record(at, vertex) for at, vertex in enumerate(graph.vertices)],
        "edges": _edges(graph),
        "results": list(graph.roots),
    }
    return line(record)


def _record(at: int, vertex: Vertex) -> dict[str, Any]:
    found: dict[str, Any] = {
        "id": at,
        "source": vertex.text.encode("utf-8", "backslashreplace").decode(),
        "name": vertex.name or None,
        "op": vertex.operation,
        "grad_fn": vertex.grad_fn,
        "leaf": vertex.is_leaf,
        "shape": list(vertex.shape),
        "dtype": vertex.dtype,
        "count": vertex.count,
    }
    for name, array in (("value", vertex.value), ("gradient", vertex.gradient)):
        if array is None or array.size <= WHOLE:
            found[name] = None if array is None else numbers(array)
        else:
            found[name] = None
            found[f"{name}_range"] = [numbers(array.min()), numbers(array.max())]
    return found


def _edges(graph: Graph) -> list[tuple[int, int]]:
    """From each operand to what is made of it; twice where it is read twice."""
    return [(o, at) for at, vertex in enumerate(graph.vertices) for o in vertex.operands]


def _lines(vertex: Vertex, digits: int) -> list[str]:
    """What stands in a box."""
    times = f" × {vertex.count:,}" if vertex.count > 1 else ""
    text = f"{shortened(vertex.label, TEXT)}{times}"
    value = shortened(brief(vertex.value, digits), TEXT)
    function = [vertex.grad_fn] if vertex.grad_fn and vertex.grad_fn != vertex.text else []
    gradient = brief(vertex.gradient, digits)
    shown = [value] if value != vertex.text else []
    return [text, *function, *shown, *([shortened(f"grad {gradient}", TEXT)] if gradient else [])]
