"""What stands at the top of a module doesn't change, but for what is listed here.

A text's settings belong into the record of `ir/context.py`: elsewhere they would be those of all threads.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

PACKAGE = Path(__file__).parent.parent / "autodiff_cli"
CHANGING = set(
    "add append clear difference_update discard extend insert intersection_update pop popitem remove "
    "setdefault update".split()
)
# Filled while modules are imported, by their decorators and declarations.
REGISTRIES = """
    formula/reading/table.py:READERS formula/rules.py:RULES
    interpret/stands.py:STANDS interpret/protocols.py:Tensor ir/node.py:Op
    vocabulary/calls/handles.py:GIVEN vocabulary/calls/handles.py:MEMBERS vocabulary/calls/handles.py:NAMES
    vocabulary/calls/handles.py:OPENED
    vocabulary/calls/handles.py:TENSOR_ATTRIBUTES vocabulary/calls/handles.py:TENSOR_METHODS
    vocabulary/calls/handles.py:TENSOR_SETTERS vocabulary/calls/registry.py:ATTRIBUTES
"""
# What was found out once, and is so for every text.
CACHES = """
    interpret/access.py:NATIVE interpret/allowed.py:NATIVE interpret/allowed.py:WRITABLE
    interpret/assignment.py:WRITABLE
    tensors/saved.py:_known ops/batching/__init__.py:_rules threads/blas.py:_known
    execute/planned.py:_plans transform/batch.py:_operations wall/again.py:_opened
"""
# What the process has one of; a process that writes the index notes what its tables get.
THE_PROCESS = """
    rows/part.py:_engines rows/part.py:_stopped cli/apart.py:confining cli/apart.py:placing cli/batch.py:os
    cli/kept.py:sys execute/plan.py:store interpret/run.py:sys ops/special.py:sys startup.py:library
    index.py:Table startup.py:os startup.py:sys tables/placing.py:place wall/__init__.py:sys
    wall/__init__.py:wall
"""
# Of all texts: which only grows, and by which objects are told apart.
OF_ALL = "interpret/allowed.py:PROGRAM_CLASSES ir/memory.py:writes program.py:PROGRAM_CLASSES"
KNOWN = {name for group in (REGISTRIES, CACHES, THE_PROCESS, OF_ALL) for name in group.split()}


def root(node: ast.expr) -> str:
    """The name that an attribute or an item is reached from."""
    while isinstance(node, (ast.Attribute, ast.Subscript)):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def targets(node: ast.AST) -> list[ast.expr]:
    if isinstance(node, (ast.Assign, ast.Delete)):
        entries = [getattr(target, "elts", [target]) for target in node.targets]
        return [entry for group in entries for entry in group]
    return [node.target] if isinstance(node, (ast.AugAssign, ast.AnnAssign)) else []


def changed_by(function: ast.FunctionDef | ast.Lambda) -> Iterator[str]:
    """Names that a function doesn't bind, and whose objects it changes."""
    parameters = function.args
    given = [*parameters.args, *parameters.kwonlyargs, *parameters.posonlyargs]
    own = {each.arg for each in [*given, parameters.vararg, parameters.kwarg] if each is not None}
    nodes = list(ast.walk(function))
    own |= {n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    for node in nodes:
        if isinstance(node, ast.Global):
            yield from node.names
        reached = [t for t in targets(node) if isinstance(t, (ast.Attribute, ast.Subscript))]
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            reached += [node.func.value] if node.func.attr in CHANGING else []
        yield from (name for name in map(root, reached) if name not in own)


def found() -> set[str]:
    result = set()
    for path in PACKAGE.rglob("*.py"):
        tree = ast.parse(path.read_text())
        top = {t.id for n in tree.body for t in targets(n) if isinstance(t, ast.Name)}
        top |= {n.name for n in tree.body if isinstance(n, ast.ClassDef)}
        imports = [n for n in tree.body if isinstance(n, (ast.Import, ast.ImportFrom))]
        modules = {(a.asname or a.name).split(".")[0] for n in imports for a in n.names}
        for function in ast.walk(tree):
            if isinstance(function, (ast.FunctionDef, ast.Lambda)):
                for name in changed_by(function):
                    if name in top | modules:
                        result.add(f"{path.relative_to(PACKAGE)}:{name}")
    # np.add(…) and the like are functions of modules
    return {name for name in result if name.rpartition(":")[2] not in ("np", "ar", "va")}


def test_nothing_else_at_the_top_of_a_module_changes() -> None:
    assert found() == KNOWN
