"""The parser tables: reproducible, and those of the grammar."""

from __future__ import annotations

import pytest

from autodiff_cli.syntax import tables


def test_shipped_module_gives_the_computed_tables() -> None:
    scope: dict[str, object] = {}
    exec(tables.module_text("expression"), scope)
    given = scope["TABLES"]
    assert isinstance(given, tuple)
    assert tables.Tables(*given)._replace(rules=()) == tables.compute("expression")._replace(
        rules=()
    )
    assert [tables.Rule(*rule) for rule in given[4]] == list(tables.compute("expression").rules)


def test_tables_are_reproducible() -> None:
    assert tables.module_text("expression") == tables.module_text("expression")


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
