"""`autodiff graph`: what a text computes, as a tree or a picture, with values and gradients."""

from __future__ import annotations

import os
import shutil
import sys
from contextlib import ExitStack
from typing import TYPE_CHECKING

import click

from autodiff_cli.cli.asking import AskingWords, question_of
from autodiff_cli.cli.color import wanted
from autodiff_cli.cli.commands import ExpressionCommand, bindings_of, show_notices, working
from autodiff_cli.cli.options import color_option, command_of, option, output_option

if TYPE_CHECKING:
    from autodiff_cli.evaluation.structure import Graph

FORMS = ("tree", "dot", "mermaid", "json")
PICTURES = {".svg": "svg", ".png": "png", ".pdf": "pdf"}
SUFFIXES = {".txt": "tree", ".dot": "dot", ".gv": "dot", ".mmd": "mermaid", ".json": "json"}
MANY = 200  # nodes, above which a person is shown a summary
WIDTH = 100  # columns where there is no terminal
EPILOG = """\b
Examples:
  autodiff graph 'y = x+2; z = y*y*3; z.mean()' x='ones(2,2)'
  autodiff graph 'F.cross_entropy(x@w, t)' x='rand(2,3)' w='rand(3,4)' t='tensor([0,2])' --fold
  autodiff graph 'sum(tanh(A@x))' A='rand(2,3)' x='[1,2,3]' -o graph.svg
  autodiff graph 'x*sin(x)' x=2 --backward
  autodiff graph @model.py x=@x.npy --to mermaid > model.mmd

\b
A program ends in the tensor whose graph is wanted. Above 200 nodes, trees and
pictures show what one place of the text made as one node. Pictures are drawn by
Graphviz's dot, from PATH.
"""


class GraphWords(AskingWords):
    """The words of `autodiff graph`."""

    seed: str | None = option(
        "--seed",
        metavar="VECTOR",
        help="Cotangent of a result that is no number, as in --seed '[1,0]'.",
    )
    form: str | None = option(
        "--to",
        type=click.Choice(FORMS),
        help="What is printed, as in --to mermaid; edges lead from operands to results.  [tree]",
    )
    as_json: bool = option(
        "--json", is_flag=True, help="The same as --to json: … --json | jq .nodes."
    )
    backward: bool = option(
        "--backward",
        is_flag=True,
        help="The graph of the gradients: what each rule of the backward pass computed: … --backward.",
    )
    fold: bool = option(
        "--fold",
        is_flag=True,
        help="One node for each part of the text, however many operations, or turns of a loop, it made: "
        "… --fold.",
    )
    output: str | None = output_option("graph.svg")
    color: str = color_option()


@command_of(GraphWords, "graph", cls=ExpressionCommand, epilog=EPILOG)
def command(words: GraphWords) -> int:
    """Draw the graph of EXPRESSION: what is computed from what, with values and gradients.

    The first line is the result; below each node is what it is computed from, down to the inputs.
    """
    form, picture = _form(words)
    with working(words, "graph", files=words.output is not None), ExitStack() as opened:
        _run(words, form, picture, opened)
    return 0


def _form(words: GraphWords) -> tuple[str, str]:
    """The form that is written, and that of the picture, if it is one."""
    asked = "json" if words.as_json else words.form
    if words.as_json and words.form not in (None, "json"):
        raise click.UsageError(f"--json and --to {words.form} are two forms")
    suffix = os.path.splitext(words.output)[1].lower() if words.output else ""
    if suffix in PICTURES:
        if asked is not None:
            raise click.UsageError(f"-o {words.output} is a picture: leave --to {asked} out")
        return "dot", PICTURES[suffix]
    found = SUFFIXES.get(suffix)
    if words.output and found is None and asked is None:
        known = ", ".join([*PICTURES, *SUFFIXES])
        raise click.UsageError(f"-o {words.output}: its suffix says no form; known are {known}")
    if asked is not None and found not in (None, asked):
        raise click.UsageError(f"--to {asked} doesn't go into a file called {words.output}")
    return asked or found or "tree", ""


def _run(words: GraphWords, form: str, picture: str, opened: ExitStack) -> None:
    wall = words.wall()
    names = bindings_of(words.bindings, words.expression)

    from autodiff_cli.cli.confining import confine
    from autodiff_cli.evaluation.structure import graph_in

    question = question_of(words, names, opened)
    dot = None
    if picture:
        from autodiff_cli.cli.dot import Dot

        dot = opened.enter_context(Dot(picture))
    confine(wall)
    graph = graph_in(
        question.source,
        question.inputs,
        wrt=question.wrt,
        seed=question.seed,
        backward=words.backward,
        fold=words.fold,
        most=MANY if form == "tree" or picture else None,
        settings=words.settings(),
    )
    text = _rendered(graph, form, words, to_file=question.file is not None)
    question.answer(text if dot is None else dot.drawn(text))
    show_notices(graph.notices, words.quiet)


def _rendered(graph: Graph, form: str, words: GraphWords, *, to_file: bool) -> str:
    if form == "tree":
        from autodiff_cli.render.tree import tree_text

        width = shutil.get_terminal_size((WIDTH, 24)).columns
        color = wanted(words.color, sys.stdout) and not to_file
        return tree_text(graph, width, words.digits, color=color)
    from autodiff_cli.render import diagram

    if form == "json":
        return diagram.json_text(graph)
    write = diagram.dot_text if form == "dot" else diagram.mermaid_text
    return write(graph, words.digits)
