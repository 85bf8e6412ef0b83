"""Statements to postfix code."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from autodiff_cli.errors import SourceSyntaxError
from autodiff_cli.interpret.code import Instruction, Label
from autodiff_cli.interpret.compiler import OWN, Code, Compiler, Exit, Steps
from autodiff_cli.interpret.expressions import OF_EXPRESSIONS
from autodiff_cli.interpret.scopes import Scope, assigned
from autodiff_cli.source import Span
from autodiff_cli.syntax import statements as st
from autodiff_cli.syntax import tree


def _statement(span: Span) -> Instruction:
    return Instruction("statement", None, span)


def _expression_statement(c: Compiler, x: st.ExpressionStatement) -> Steps:
    action = "echo" if c.echo else "drop"
    return [_statement(x.span), x.value, Instruction(action, None, x.span)]


def _assign(c: Compiler, x: st.Assign) -> Steps:
    steps: Steps = [_statement(x.span), x.value]
    for target in x.targets[:-1]:
        steps.append(Instruction("duplicate", None, x.span))
        steps += c.assign(target)
    return steps + c.assign(x.targets[-1])


def _augmented(c: Compiler, x: st.AugmentedAssign) -> Steps:
    update = Instruction("in_place", x.operator, x.span)
    target = x.target
    if isinstance(target, tree.Name):
        return [
            _statement(x.span),
            c.load(target.id, target.span),
            x.value,
            update,
            c.store(target.id, target.span),
        ]
    if isinstance(target, tree.Attribute):
        return [
            _statement(x.span),
            target.value,
            Instruction("duplicate", None, x.span),
            Instruction("attribute", target.name, target.span),
            x.value,
            update,
            Instruction("swap", None, x.span),
            Instruction("store_attribute", target.name, target.span),
        ]
    assert isinstance(target, tree.Subscript)
    return [
        _statement(x.span),
        target.value,
        target.index,
        Instruction("duplicate_two", None, x.span),
        Instruction("subscript", None, target.span),
        x.value,
        update,
        Instruction("rotate", None, x.span),
        Instruction("store_subscript", None, target.span),
    ]


def _annotated(c: Compiler, x: st.AnnotatedAssign) -> Steps:
    steps: Steps = [_statement(x.span)]
    if c.scope.kind == "class" and isinstance(x.target, tree.Name):
        steps.append(Instruction("annotate", x.target.id, x.span))
    return steps if x.value is None else [*steps, x.value, *c.assign(x.target)]


def _if(c: Compiler, x: st.If) -> Steps:
    end = Label()
    steps: Steps = []
    for branch in x.branches:
        otherwise = Label()
        steps += [
            _statement(branch.span),
            branch.condition,
            Instruction("jump_if_false", otherwise, branch.condition.span),
            *branch.body,
            Instruction("jump", end, branch.span),
            otherwise,
        ]
    return [*steps, *x.otherwise, end]


def _while(c: Compiler, x: st.While) -> Steps:
    again, otherwise, end = Label(), Label(), Label()
    loop = Exit("loop", break_to=end, continue_to=again)
    return [
        again,
        _statement(x.span),
        x.condition,
        Instruction("jump_if_false", otherwise, x.condition.span),
        *c.inside(loop, x.body),
        Instruction("jump", again, x.span),
        otherwise,
        *x.otherwise,
        end,
    ]


def _for(c: Compiler, x: st.For) -> Steps:
    again, otherwise, end = Label(), Label(), Label()
    loop = Exit("loop", break_to=end, continue_to=again, holds=1)
    return [
        _statement(x.span),
        x.iterable,
        Instruction("iterate", None, x.iterable.span),
        again,
        Instruction("next", otherwise, x.span),
        *c.assign(x.target),
        *c.inside(loop, x.body),
        Instruction("jump", again, x.span),
        otherwise,
        *x.otherwise,
        end,
    ]


def _innermost_loop(c: Compiler, span: Span, word: str) -> Exit:
    for entry in reversed(c.exits):
        if entry.kind == "loop":
            return entry
    raise SourceSyntaxError(
        "'break' outside loop" if word == "break" else "'continue' not properly in loop", span=span
    )


def _break(c: Compiler, x: st.Break) -> Steps:
    loop = _innermost_loop(c, x.span, "break")
    drop = [Instruction("drop", None, x.span)] if loop.holds else []
    return [
        _statement(x.span),
        *c.leave(loop, keeps_value=False),
        *drop,
        Instruction("jump", loop.break_to, x.span),
    ]


def _continue(c: Compiler, x: st.Continue) -> Steps:
    loop = _innermost_loop(c, x.span, "continue")
    return [
        _statement(x.span),
        *c.leave(loop, keeps_value=False),
        Instruction("jump", loop.continue_to, x.span),
    ]


def _pass(c: Compiler, x: st.Pass) -> Steps:
    return []


def _return(c: Compiler, x: st.Return) -> Steps:
    value: Any = Instruction("push", None, x.span) if x.value is None else x.value
    return [
        _statement(x.span),
        value,
        lambda: c.leave(None, keeps_value=True),
        Instruction("finish", None, x.span),
    ]


def _function_def(c: Compiler, x: st.FunctionDef) -> Steps:
    return [
        _statement(x.span),
        *x.decorators,
        *c.function(x.name, x.parameters, x.body, x.span, x.docstring),
        *[Instruction("call_plain", 1, d.span) for d in reversed(x.decorators)],
        c.store(x.name, x.span),
    ]


def _class_def(c: Compiler, x: st.ClassDef) -> Steps:
    names, outer, _ = assigned(x.body)
    scope = Scope("class", c.scope, names)
    scope.declared_global = outer
    qualified = f"{c.qualified}{x.name}"
    inner = Compiler(scope, f"{qualified}.")
    code = inner.code(x.body, x.name, qualified)
    code.docstring = x.docstring
    bases: list[Any] = [
        base for base in x.bases if not isinstance(base, (tree.Keyword, tree.KeywordSpread))
    ]
    count = len(bases)
    for given in x.bases:
        if isinstance(given, tree.Keyword) and given.name == "metaclass":
            bases += [given.value, Instruction("abstract_base", None, given.span)]
            count += 1
    return [
        _statement(x.span),
        *x.decorators,
        *bases,
        Instruction("make_class", (code, count), x.span),
        *[Instruction("call_plain", 1, d.span) for d in reversed(x.decorators)],
        c.store(x.name, x.span),
    ]


def _with(c: Compiler, x: st.With) -> Steps:
    return _with_items(c, x, 0)


def _with_items(c: Compiler, x: st.With, number: int) -> Steps:
    if number == len(x.items):
        return list(x.body)
    item = x.items[number]
    failed, end = Label(), Label()
    bind: Steps = (
        [Instruction("drop", None, item.span)] if item.target is None else c.assign(item.target)
    )
    return [
        _statement(x.span),
        item.value,
        Instruction("with_enter", None, item.span),
        Instruction("push_block_below", failed, item.span),
        *c.inside(Exit("with", holds=1), [*bind, lambda: _with_items(c, x, number + 1)]),
        Instruction("pop_block", None, item.span),
        Instruction("with_leave", None, item.span),
        Instruction("jump", end, item.span),
        failed,
        Instruction("with_failed", None, item.span),
        end,
    ]


def _try(c: Compiler, x: st.Try) -> Steps:
    if not x.final:
        return _try_except(c, x)
    failed, end = Label(), Label()
    return [
        Instruction("push_block", failed, x.span),
        *c.inside(Exit("finally", body=x.final), [lambda: _try_except(c, x)]),
        Instruction("pop_block", None, x.span),
        *x.final,
        Instruction("jump", end, x.span),
        failed,
        Instruction("start_handling", None, x.span),
        *c.inside(Exit("handler", holds=0), x.final),
        Instruction("reraise", None, x.span),
        end,
    ]


def _try_except(c: Compiler, x: st.Try) -> Steps:
    if not x.handlers:
        return [*x.body, *x.otherwise]
    caught, otherwise, end = Label(), Label(), Label()
    steps: Steps = [
        Instruction("push_block", caught, x.span),
        *c.inside(Exit("try"), x.body),
        Instruction("pop_block", None, x.span),
        Instruction("jump", otherwise, x.span),
        caught,
        Instruction("start_handling", None, x.span),
    ]
    for handler in x.handlers:
        following = Label()
        if handler.kind is not None:
            steps += [
                handler.kind,
                Instruction("jump_if_other", following, handler.span),
            ]
        bind: Steps = []
        unbind: Steps = []
        if handler.name is not None:
            bind = [Instruction("handled", None, handler.span), c.store(handler.name, handler.span)]
            unbind = [Instruction("forget", c.scope.place(handler.name), handler.span)]
        steps += [
            *bind,
            *c.inside(Exit("handler"), handler.body),
            *unbind,
            Instruction("end_handling", None, handler.span),
            Instruction("jump", end, handler.span),
            following,
        ]
    return [*steps, Instruction("reraise", None, x.span), otherwise, *x.otherwise, end]


def _raise(c: Compiler, x: st.Raise) -> Steps:
    if x.value is None:
        return [_statement(x.span), Instruction("raise_again", None, x.span)]
    steps: Steps = [_statement(x.span), x.value]
    if x.cause is not None:
        return [*steps, x.cause, Instruction("raise_from", None, x.span)]
    return [*steps, Instruction("raise_value", None, x.span)]


def _assert(c: Compiler, x: st.Assert) -> Steps:
    holds = Label()
    message: Steps = [] if x.message is None else [x.message]
    return [
        _statement(x.span),
        x.condition,
        Instruction("jump_if_true", holds, x.condition.span),
        *message,
        Instruction("fail", x.message is not None, x.span),
        holds,
    ]


def _delete(c: Compiler, x: st.Delete) -> Steps:
    steps: Steps = [_statement(x.span)]
    pending = list(reversed(x.targets))
    while pending:
        target = pending.pop()
        if isinstance(target, tree.Name):
            steps.append(Instruction("delete", c.scope.place(target.id), target.span))
        elif isinstance(target, tree.Attribute):
            steps += [target.value, Instruction("delete_attribute", target.name, target.span)]
        elif isinstance(target, tree.Subscript):
            steps += [target.value, target.index, Instruction("delete_item", None, target.span)]
        elif isinstance(target, tree.Sequence):
            pending.extend(reversed(target.items))  # type: ignore[arg-type]
    return steps


def _import(c: Compiler, x: st.Import) -> Steps:
    steps: Steps = [_statement(x.span)]
    for imported in x.names:
        whole = imported.alias is not None
        name = imported.alias or imported.name.partition(".")[0]
        steps += [
            Instruction("import_module", (imported.name, whole), x.span),
            c.store(name, imported.span),
        ]
    return steps


def _import_from(c: Compiler, x: st.ImportFrom) -> Steps:
    steps: Steps = [_statement(x.span)]
    for imported in x.names:
        if imported.name == "*":
            steps.append(Instruction("import_all", x.module, x.span))
            continue
        steps += [
            Instruction("import_name", (x.module, imported.name), x.span),
            c.store(imported.alias or imported.name, imported.span),
        ]
    return steps


def _nothing(c: Compiler, x: tree.Tree) -> Steps:
    return []


OF_STATEMENTS: dict[type, Callable[[Compiler, Any], Steps]] = {
    st.ExpressionStatement: _expression_statement,
    st.Assign: _assign,
    st.AugmentedAssign: _augmented,
    st.AnnotatedAssign: _annotated,
    st.If: _if,
    st.While: _while,
    st.For: _for,
    st.Break: _break,
    st.Continue: _continue,
    st.Pass: _pass,
    st.Return: _return,
    st.FunctionDef: _function_def,
    st.ClassDef: _class_def,
    st.With: _with,
    st.Try: _try,
    st.Raise: _raise,
    st.Assert: _assert,
    st.Delete: _delete,
    st.Import: _import,
    st.ImportFrom: _import_from,
    st.Global: _nothing,
    st.Nonlocal: _nothing,
}
OWN.update(OF_EXPRESSIONS)
OWN.update(OF_STATEMENTS)


def compile_program(program: st.Program, *, echo: bool = False) -> Code:
    """The code of a whole program.

    Args:
        program: its tree.
        echo: whether top-level expressions print their values, as the interactive prompt does.
    """
    scope = Scope("module", None, set())
    return Compiler(scope, echo=echo).code(program.body, "<module>", "<module>")
