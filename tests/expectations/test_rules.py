"""The rule catalogue is complete, and every rule that the code names is in it."""

import re
from pathlib import Path

import pytest

from expectations.declarations import arithmetic
from expectations.suites import CANDIDATE, SUBMISSIONS, suite
from quarterdeck.rules import catalogue
from quarterdeck.settings import PROJECT_ROOT
from quarterdeck.warehouse import records

DIMENSIONS = {"accuracy", "completeness", "uniqueness", "consistency", "timeliness", "validity"}
ROOMS = ("loaders", "expectations", "quarterdeck")
NAMED = re.compile(r'(?:finding|Finding)\(\s*"([a-z]+(?:-[a-z]+)+)"')


def rules_named_in_code() -> set[str]:
    """Rule ids that Python passes to `finding`."""
    sources = [path for room in ROOMS for path in (PROJECT_ROOT / room).rglob("*.py")]
    return {rule for path in sources for rule in NAMED.findall(path.read_text(encoding="utf-8"))}


def rules_named_in_declarations() -> set[str]:
    """Rule ids of the suites and of the arithmetic."""
    declared = arithmetic()
    of_suites = {
        expectation.rule
        for name in (SUBMISSIONS, CANDIDATE)
        for table in suite(name).tables.values()
        for expectation in table.expectations
    }
    return (
        of_suites
        | {declared.roll_up.rule, declared.rounding_rule, declared.bounds_rule}
        | {one.rule for _, _, one in declared.identities}
    )


@pytest.mark.parametrize("rule", catalogue().values(), ids=lambda rule: rule.id)
def test_a_rule_says_all_there_is_to_say(rule) -> None:  # type: ignore[no-untyped-def]
    assert rule.dimension in DIMENSIONS
    assert rule.responsibility in {"sender", "data team"}
    assert rule.title and rule.why.endswith(".")


def test_every_rule_that_is_named_is_in_the_catalogue() -> None:
    named = rules_named_in_code() | rules_named_in_declarations()
    assert len(named) > 20
    assert named <= set(catalogue())


def test_every_rule_of_the_catalogue_is_used() -> None:
    sources = "".join(
        path.read_text(encoding="utf-8")
        for room in ROOMS
        for path in Path(PROJECT_ROOT / room).rglob("*.[py]*")
        if path.name != "rules.yml" and path.suffix in (".py", ".yml")
    )
    assert [rule for rule in catalogue() if rule not in sources] == []


def test_every_arithmetic_rule_has_a_remedy() -> None:
    declared = arithmetic()
    assert set(declared.remedies) == {
        declared.roll_up.rule, declared.rounding_rule, declared.bounds_rule,
        *(one.rule for _, _, one in declared.identities),
    }  # fmt: skip


def test_arithmetic_speaks_of_fields_that_the_records_have() -> None:
    for record, body in arithmetic().records.items():
        fields = records()[record]
        assert {body.label, *body.dimensions} <= set(fields)
        assert all(fields[figure] == "quantity" for figure in body.figures)
        assert all(one.over in {"figure", body.label, *body.dimensions} for one in body.identities)
