"""The candidate: real figures through the real dbt project."""

import os
from datetime import date
from decimal import Decimal
from json import loads
from pathlib import Path

import duckdb
import pytest
import yaml

from quarterdeck.settings import Settings
from quarterdeck.warehouse import connect, prepare
from tests.transform.conftest import Candidate, project_files
from tests.transform.raw_rows import NOTTINGHAMSHIRE, SOUTHAMPTON, insert
from transform.candidate import BuildError, FailedTest, build, unit_test
from transform.project import opened


def test_build_tells_what_it_did(candidate: Candidate):
    assert candidate.result.failures == []
    assert candidate.result.seeds == len(list(candidate.settings.seeds.glob("*.csv")))
    assert candidate.result.models == len(list(candidate.settings.dbt_project.glob("models/*/*.sql")))
    assert candidate.result.tests > 60


def test_dbt_holds_no_more_in_memory_than_it_may(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("QUARTERDECK_MEMORY_LIMIT", raising=False)
    settings = Settings(home=tmp_path, memory_limit="512MB")
    prepare(settings)
    with opened(settings) as dbt:
        dbt.run("seed", "--select", "organisations")
        # In one process, a file is opened once.
        with duckdb.connect(str(settings.warehouse)) as connection:
            assert connection.execute("select current_setting('memory_limit')").fetchone() == ("488.2 MiB",)
    assert "QUARTERDECK_MEMORY_LIMIT" not in os.environ


def test_build_leaves_the_project_as_it_was(candidate: Candidate):
    assert project_files(candidate.settings) == candidate.project_files


def test_last_accepted_submission_is_read_and_no_other(candidate: Candidate):
    assert candidate.rows(
        "select project, status, movement, target_gbp, at_risk_gbp from marts.project_status order by project"
    ) == [
        ("Highways JV (OfC B13)", "Closed or Completed", "closed", Decimal("400500.00"), None),
        ("Road Lighting Energy", "On Target", "improved", Decimal("225000.00"), None),
        ("Statutory School Transport", "Compromised", "worsened", Decimal("686000.00"), Decimal("686000.00")),
    ]  # fmt: skip


def test_portfolio_is_the_sum_of_its_projects(candidate: Candidate):
    assert candidate.rows(
        "select portfolio, projects, target_gbp, at_risk_gbp, delivered_alternatively_gbp, net_at_risk_gbp,"
        " projects_green, projects_red, projects_complete from marts.portfolio_savings"
    ) == [("Place", 3, Decimal("1311500.00"), Decimal("686000.00"), None, Decimal("686000.00"), 1, 1, 1)]


def test_a_row_says_where_it_stands(candidate: Candidate):
    ((commentary, sheet, cells),) = candidate.rows(
        "select commentary, sheet, cells from marts.project_status where project like 'Statutory%'"
    )
    assert (commentary, sheet) == ("Not pursued.", "Appendix B")
    assert loads(cells) == {
        "portfolio": "A5", "project": "B7", "target_gbp": "H7", "at_risk_gbp": "L7", "net_at_risk_gbp": "N7",
        "commentary": "'Exceptions'!C26",
    }  # fmt: skip


def test_savings_are_positive_pounds(candidate: Candidate):
    assert candidate.rows(
        "select source_table, component, row_type, savings_year, measure, amount_gbp"
        " from marts.savings_profile order by measure"
    ) == [
        ("table_2", "Total Transformation", "subtotal", "2019-20", "delivered", Decimal("2308000.00")),
        ("table_2", "Total Transformation", "subtotal", "2019-20", "revised_target", Decimal("15049000.00")),
    ]


def test_quarters_say_how_firm_they_are(candidate: Candidate):
    assert candidate.rows(
        "select organisation, quarter, quarter_start, data_status, missing_returns from marts.reporting_quarters"
        " where last_accepted_at is not null order by quarter"
    ) == [
        ("Southampton City Council", "2017-18 Q3", date(2017, 10, 1), "revised", None),
        ("Nottinghamshire County Council", "2018-19 Q2", date(2018, 7, 1), "provisional", "ict_performance 2018-09"),
        ("Oxfordshire County Council", "2019-20 Q1", date(2019, 4, 1), "final", None),
    ]
    assert candidate.rows("select distinct data_status from marts.agency_workforce") == [("revised",)]


def test_agency_months_add_up_to_quarters(candidate: Candidate):
    assert candidate.rows(
        "select quarter, measured_quarter, months, shifts_filled, shifts_unfilled, fill_rate_percent"
        " from marts.agency_workforce_quarterly order by measured_quarter"
    ) == [
        ("2017-18 Q3", "2017-18 Q2", 1, 722, 29, Decimal("96.14")),
        ("2017-18 Q3", "2017-18 Q3", 2, 1412, 22, Decimal("98.47")),
    ]


def test_establishment_says_what_its_reasons_do_not_explain(candidate: Candidate):
    assert candidate.rows(
        "select service, previous_fte, new_fte, reduction_fte, resignation_fte, unexplained_fte,"
        " cells ->> 'vacancies_fte' from marts.establishment_change"
    ) == [("I,P&D", Decimal("24.4"), Decimal("19.1"), Decimal("5.3"), None, Decimal("-2.2"), "D13")]


def test_reconciliation_has_both_kinds_of_check(candidate: Candidate):
    assert candidate.rows(
        "select check_id, printed_value, recomputed_value, difference, unit, verdict, severity"
        " from marts.reconciliation order by quarter, check_id"
    ) == [
        ("hr_update 2017-12: Establishment!D7 breakdown", Decimal("5.3"), Decimal("7.5"), Decimal("2.2"), "fte",
         "disagrees", "warning"),
        ("on target without savings at risk", Decimal("1"), Decimal("1"), Decimal("0"), "count", "agrees", "info"),
        ("projects in the exceptions", Decimal("1"), Decimal("1"), Decimal("0"), "count", "agrees", "info"),
        # The dashboard was sent without that tile.
        ("dashboard: savings target of the year", None, None, None, None, "not_made", "warning"),
        ("dashboard: share of savings achieved", Decimal("15"), Decimal("15.3366"), Decimal("0.3366"),
         "percent", "rounds", "info"),
        ("transformation_financial_position 2019-06: Table 2!C11 total", Decimal("2308000"), Decimal("2308000"),
         Decimal("0"), "gbp", "agrees", "info"),
    ]  # fmt: skip


def test_submissions_show_what_came_and_what_the_gate_decided_since(candidate: Candidate):
    query = (
        "select accepted, held, submissions, accepted_submission_id, file_name, quarter_decision from marts.submissions"
        f" where organisation_code = '{NOTTINGHAMSHIRE}' and reporting_period = '2018-09' order by return_id"
    )
    missing = (False, False, 0, None, None)
    sent = (True, True, 3, f"{NOTTINGHAMSHIRE}.project_status_report.2018-09.2", "project_status_report 3.xlsx")
    assert candidate.rows(query) == [(*missing, None), (*sent, None)]
    insert(
        candidate.settings,
        "gate.decisions",
        {"organisation_code": NOTTINGHAMSHIRE, "quarter": "2018-19 Q2", "decision": "held"},
    )
    assert candidate.rows(query) == [(*missing, "held"), (*sent, "held")]


def test_findings_keep_their_names(candidate: Candidate):
    query = "select organisation, quarter, rule, cell, finding_id from marts.data_quality_findings"
    ((*found, finding_id),) = candidate.rows(query)
    assert found == ["Nottinghamshire County Council", "2018-19 Q2", "word-unmapped", "D6"]
    insert(
        candidate.settings,
        "raw.findings",
        {"stage": "audit", "organisation_code": SOUTHAMPTON, "quarter": "2017-18 Q3", "severity": "info"}
        | {"rule": "mart-empty", "message": "No rows."},
    )
    assert finding_id in {row[-1] for row in candidate.rows(query)}
    assert len(candidate.rows(query)) == 2


def test_unit_tests_pass(candidate: Candidate):
    models = (yaml.safe_load(path.read_text()) for path in candidate.settings.dbt_project.glob("models/**/*.yml"))
    declared = sum(len(model.get("unit_tests", ())) for model in models)
    results = candidate.settings.dbt_target / "run_results.json"
    before = results.read_bytes()
    assert unit_test(candidate.settings) == declared > 10
    assert results.read_bytes() == before


def test_failing_tests_are_told_and_stop_nothing(damaged: Settings):
    failures = build(damaged).failures
    assert FailedTest("project_status_key", "error", 2, "dbt_test_failures.project_status_key") in failures
    with connect(damaged, read_only=True) as connection:
        rows = connection.execute(
            "select organisation_code, quarter, project from dbt_test_failures.project_status_key"
        )
        assert set(rows.fetchall()) == {(NOTTINGHAMSHIRE, "2018-19 Q2", "Road Lighting Energy")}


def test_model_that_cannot_run_is_named(damaged: Settings):
    with connect(damaged) as connection:
        connection.execute("alter table raw.risk alter column cells type integer[] using null")
    with pytest.raises(BuildError, match=r"model stg_risk \(models/staging/stg_risk\.sql\)[\s\S]*regexp_replace"):
        build(damaged)
