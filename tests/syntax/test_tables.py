"""The parser tables: reproducible, and those of the grammar."""

from __future__ import annotations

import pytest

from autodiff_cli.syntax import tables

GRAMMARS = pytest.mark.parametrize("name", ["expression", "program"])


@GRAMMARS
def test_shipped_module_gives_the_computed_tables(name: str) -> None:
    scope: dict[str, object] = {}
    exec(tables.module_text(name), scope)
    given = scope["TABLES"]
    assert isinstance(given, tuple)
    computed = tables.compute(name)
    assert tables.Tables(*given)._replace(rules=()) == computed._replace(rules=())
    assert [tables.Rule(*rule) for rule in given[4]] == list(computed.rules)


@GRAMMARS
def test_tables_are_reproducible(name: str) -> None:
    assert tables.module_text(name) == tables.module_text(name)


def test_the_grammar_of_programs_has_no_conflicts(caplog: pytest.LogCaptureFixture) -> None:
    """Lark would settle a conflict in favour of shifting, with a note in its log."""
    from lark import Lark, logger

    level = logger.level
    logger.setLevel("DEBUG")
    logger.addHandler(caplog.handler)
    try:
        path = tables.grammar_path("program")
        Lark(tables.grammar_text("program"), parser="lalr", source_path=path, debug=True)
    finally:
        logger.setLevel(level)
        logger.removeHandler(caplog.handler)
    assert "onflict" not in caplog.text


def test_stale_tables_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    text = tables.grammar_text("expression")
    monkeypatch.setattr(tables, "grammar_text", lambda name: text + "\n// changed\n")
    assert tables.shipped("expression") is None
    assert tables.load("expression").states


def test_every_rule_has_a_builder() -> None:
    from autodiff_cli.syntax.parse import BUILDERS

    built = {rule.build for rule in tables.compute("expression").rules if rule.build}
    passed_on = {rule.build for rule in tables.compute("expression").rules if rule.single}
    assert built - passed_on <= set(BUILDERS) <= built


def test_every_rule_of_programs_has_a_builder() -> None:
    from autodiff_cli.syntax import parse, program

    built = {rule.build for rule in tables.compute("program").rules if rule.build}
    passed_on = {rule.build for rule in tables.compute("program").rules if rule.single}
    own = set(program.BUILDERS) - set(parse.BUILDERS)
    assert built - passed_on <= set(program.BUILDERS) | {"assign"}
    assert own <= built
