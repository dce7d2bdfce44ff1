"""The catalogue as a whole: its page is true, and every rule has a case that it speaks of and one that it does not.

What the suites, the arithmetic, the transformation's tests, reconciliation and the clock find is found here, by running
them. The reader's rules are found by the library of broken files and by the broken samples, whose own tests run them
(`tests/loaders/test_library.py`, `tests/samples/test_broken.py`); here their declarations are read.
"""

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml

from expectations.approvals import Approval, with_overrides
from expectations.arithmetic import check
from expectations.audit import judge
from expectations.evaluate import Evaluation
from expectations.pending import Partition
from expectations.rules_page import DIMENSIONS, PAGE, READER, places, rules_page
from expectations.store import PlacedFinding
from expectations.suites import suite
from loaders.timeliness import timeliness_findings
from quarterdeck.rules import catalogue, finding
from quarterdeck.settings import PROJECT_ROOT, Settings
from tests.expectations import marts, time_cases
from tests.expectations.build import ORGANISATION, Build
from tests.expectations.suite_failures import OWNERS, Failing

LIBRARY = yaml.safe_load((PROJECT_ROOT / "tests/loaders/library/cases.yml").read_text(encoding="utf-8"))
BROKEN = yaml.safe_load((PROJECT_ROOT / "samples/broken/expected.yml").read_text(encoding="utf-8"))

# Rules of the reader that no file of the library shows; each has a test of its own there.
SHOWN_ELSEWHERE = {
    "number-ambiguous": "tests/loaders/test_table.py",
    "path-unknown": "tests/loaders/test_lifecycle.py",
    "period-unexpected": "tests/loaders/test_series.py",
    "reader-failed": "tests/loaders/test_fuzz.py",
    "return-sent-twice": "tests/loaders/test_lifecycle.py",
}


def test_the_page_is_what_the_catalogue_says() -> None:
    assert PAGE.read_text(encoding="utf-8") == rules_page(), "run: python -m expectations.rules_page"


def test_every_rule_is_on_the_page_once_under_its_dimension() -> None:
    assert {rule.dimension for rule in catalogue().values()} == set(DIMENSIONS)
    assert all(rules_page().count(f"| `{rule}` |") == 1 for rule in catalogue())


def test_every_rule_of_a_suite_fails_on_a_row_and_holds_on_another(failing: Failing) -> None:
    for key, organisations in failing.items():
        assert ORGANISATION not in organisations, key
    spoken = {_rule_of(*key) for key in OWNERS if failing[key] & {OWNERS[key], None}}
    assert spoken == _looked_for_by("the suite for submissions") | _looked_for_by("the suite for the candidate")


Rows = list[tuple[str, dict[str, Any]]]


def _total(printed: object, *parts: object) -> Rows:
    rows = [
        ("project_status", {"project": f"P{n}", "target": part, "rolls_up_to_row": 99}) for n, part in enumerate(parts)
    ]
    return [*rows, ("project_status", {"portfolio": "All", "target": printed, "row_type": "total", "row": 99})]


def _one_row(record: str, **fields: object) -> Rows:
    return [(record, {"row": 6, **fields})]


def _establishment(**fte: object) -> Rows:
    return [
        ("establishment", {"service": "A", "measure": name, "value": value, "unit": "fte"})
        for name, value in fte.items()
    ]


ARITHMETIC: dict[str, tuple[Rows, Rows]] = {
    "total-disagrees": (_total(70, 10, 20), _total(30, 10, 20)),
    "total-rounds": (_total("3.1", "1.0", "2.0", "0.0"), _total("3.0", "1.0", "2.0")),
    "identity-disagrees": (
        _one_row("project_status", project="A", at_risk=100, delivered_alternatively=40, net_at_risk=5),
        _one_row("project_status", project="A", at_risk=100, delivered_alternatively=40, net_at_risk=60),
    ),
    "percentage-disagrees": (
        _one_row("workforce_indicator", subject="A", numerator=1, denominator=2, value=40, unit="percent", scale=1),
        _one_row("workforce_indicator", subject="A", numerator=1, denominator=2, value=50, unit="percent", scale=1),
    ),
    "breakdown-disagrees": (
        _establishment(reduction_fte=30, resignation_fte=10, vacancies_fte=10),
        _establishment(reduction_fte=20, resignation_fte=10, vacancies_fte=10),
    ),
}


@pytest.mark.parametrize("rule", sorted(ARITHMETIC))
def test_a_rule_of_the_arithmetic_speaks_of_one_table_and_not_of_another(build: Build, rule: str) -> None:
    for number, rows in enumerate(ARITHMETIC[rule]):
        submission = build.submission(f"return_{number}")
        for place, (record, row) in enumerate(rows, 6):
            fields = {name: value for name, value in row.items() if name != "row"}
            build.row(record, submission, row.get("row", place), **fields)
    build.save()
    check(build.settings, [f"{ORGANISATION}.return_{number}.2018-09.1" for number in range(2)])
    found = build.query(f"select submission_id from raw.findings where rule = '{rule}'")
    assert {row["submission_id"] for row in found} == {f"{ORGANISATION}.return_0.2018-09.1"}


def _with_test(status: str) -> Callable[[Build], None]:
    def put(build: Build) -> None:
        result = {"unique_id": "test.quarterdeck.a_test.1", "status": status, "failures": 1}
        _dbt_says(build, [result])

    return put


def _with_table(severity: str, verdict: str = "disagrees") -> Callable[[Build], None]:
    def put(build: Build) -> None:
        marts.insert_rows(build, ("reconciliation", {"check_id": "c", "verdict": verdict, "severity": severity}))

    return put


def _dbt_says(build: Build, results: list[dict[str, Any]]) -> None:
    build.settings.dbt_target.mkdir(parents=True, exist_ok=True)
    (build.settings.dbt_target / "run_results.json").write_text(json.dumps({"results": results}))


JUDGED: dict[str, Callable[[Build], None]] = {
    "dbt-test-failed": _with_test("error"),
    "dbt-test-warned": _with_test("warn"),
    "tables-contradict": _with_table("error"),
    "tables-disagree": _with_table("warning"),
    "tables-differ": _with_table("info"),
    "tables-not-compared": _with_table("warning", "not_made"),
}


@pytest.mark.parametrize("rule", sorted(JUDGED))
def test_a_rule_of_the_transformation_speaks_where_it_must_and_not_otherwise(
    build: Build, monkeypatch: pytest.MonkeyPatch, rule: str
) -> None:
    monkeypatch.setattr("expectations.audit.evaluate", lambda settings, relations: Evaluation(1))
    marts.create_candidate(build)
    marts.insert_rows(build, ("reconciliation", {}))
    _dbt_says(build, [{"unique_id": "test.quarterdeck.a_test.1", "status": "pass", "failures": 0}])
    partition = Partition(ORGANISATION, marts.QUARTER, "ground")
    judge(build.settings, [partition])
    assert build.query("from raw.findings") == []
    JUDGED[rule](build)
    judge(build.settings, [partition])
    assert [row["rule"] for row in build.query("from raw.findings")] == [rule]


# Received on this day, as the return for this month.
CLOCK = {
    "return-early": (("2018-09-15", "2018-09"), ("2018-10-02", "2018-09")),
    "return-late": (("2018-12-01", "2018-09"), ("2018-10-30", "2018-09")),
    "return-unexpected": (("2018-09-02", "2018-08"), ("2018-10-02", "2018-09")),
}


@pytest.mark.parametrize("rule", sorted(CLOCK))
def test_a_rule_of_the_clock_speaks_on_one_day_and_not_on_another(settings: Settings, rule: str) -> None:
    def said(received: str, month: str) -> set[str]:
        receipt: Any = SimpleNamespace(
            organisation_code="E10000024", feed="highlight_report", reporting_period=month,
            received_at=f"{received}T09:00:00+00:00",
        )  # fmt: skip
        return {found.rule for found in timeliness_findings(settings, receipt, "project_status_report")}

    speaks, silent = CLOCK[rule]
    assert rule in said(*speaks)
    assert rule not in said(*silent)


def test_an_override_is_told_of_its_own_rule_alone() -> None:
    override = Approval("a", ORGANISATION, marts.QUARTER, "total-disagrees", "-", "A. Person", "Known", "2018-10-01")
    found = [
        PlacedFinding(finding(rule, "It is wrong."), ORGANISATION, marts.QUARTER)
        for rule in ("total-disagrees", "identity-disagrees")
    ]
    assert [placed.finding.rule for placed in with_overrides(found, [override])] == ["overridden", "identity-disagrees"]


def test_every_rule_of_the_reader_is_shown_by_a_file_and_not_by_the_good_ones() -> None:
    files = [*LIBRARY.values(), *BROKEN.values()]
    shown = {found["rule"] for file in files for found in file.get("expect", ())}
    assert all("expect" not in LIBRARY[name] for name in LIBRARY if name.startswith("nothing_wrong"))
    assert shown & SHOWN_ELSEWHERE.keys() == set(), "no longer shown elsewhere alone"
    assert shown | SHOWN_ELSEWHERE.keys() >= _looked_for_by(READER) - CLOCK.keys()
    for rule, path in SHOWN_ELSEWHERE.items():
        assert f'"{rule}"' in (PROJECT_ROOT / path).read_text(encoding="utf-8"), path


def test_every_rule_of_the_catalogue_has_its_cases() -> None:
    suites = _looked_for_by("the suite for submissions") | _looked_for_by("the suite for the candidate")
    cases = {*ARITHMETIC, *JUDGED, *CLOCK, *time_cases.FIRES, "overridden", *suites, *_looked_for_by(READER)}
    assert cases == set(catalogue())


def _looked_for_by(what: str) -> set[str]:
    return {rule for rule, where in places().items() if what in where}


def _rule_of(name: str, table: str, expectation: str) -> str:
    return next(one.rule for one in suite(name).tables[table].expectations if one.name == expectation)


def test_the_page_is_written_where_it_belongs(tmp_path: Path) -> None:
    from expectations.rules_page import write

    write(tmp_path / "rules.md")
    assert (tmp_path / "rules.md").read_text(encoding="utf-8") == rules_page()
