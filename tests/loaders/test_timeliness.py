"""Late, early and unexpected returns, by the seed of what is expected; files of another period than they say."""

import csv
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from loaders.archive import Receipt
from loaders.timeliness import timeliness_findings
from quarterdeck.settings import Settings
from tests import pipeline

HEADER = "organisation_code,feed,return_id,frequency,first_period,last_period,due_days"
RETURN = ("E06000045", "hr_metrics", "hr_update")
RECEIPT = Receipt("r", *RETURN[:2], "2018-03", "HR update.xlsx", "00", 1, "2018-04-10T09:00:00+00:00")


@pytest.fixture
def quarterly(tmp_path: Path) -> Settings:
    """One return, owed every quarter of 2018 from March on, 30 days after the month's end."""
    seeds = tmp_path / "project" / "seeds"
    seeds.mkdir(parents=True)
    row = [*RETURN, "quarterly", "2018-03", "2018-12", "30"]
    (seeds / "expected_returns.csv").write_text(f"{HEADER}\n{','.join(row)}\n")
    return Settings(home=tmp_path / "home", dbt_project=tmp_path / "project")


def said(settings, received, period="2018-03", return_id=RETURN[2]):
    receipt = replace(RECEIPT, reporting_period=period, received_at=f"{received}T09:00:00+00:00")
    return [
        (found.rule, found.severity.value, found.message) for found in timeliness_findings(settings, receipt, return_id)
    ]


def test_a_return_that_comes_in_time_is_not_spoken_of(quarterly):
    assert said(quarterly, "2018-04-01") == said(quarterly, "2018-04-30") == []


def test_a_late_return_is_listed_with_the_day_it_was_due(quarterly):
    message = "It was due on 30 April 2018 and was received on 1 May 2018."
    assert said(quarterly, "2018-05-01") == [("return-late", "info", message)]


def test_an_early_return_is_warned_of(quarterly):
    ((rule, severity, message),) = said(quarterly, "2018-03-31")
    assert (rule, severity) == ("return-early", "warning")
    assert "31 March 2018, before 2018-03 had ended" in message


@pytest.mark.parametrize("period", ["2018-04", "2017-12", "2019-03"])
def test_a_return_for_a_month_that_it_is_not_owed_for_is_warned_of(quarterly, period):
    ((rule, severity, message),) = said(quarterly, "2019-05-01", period)
    assert (rule, severity) == ("return-unexpected", "warning")
    assert "quarterly, from 2018-03 to 2018-12" in message


def test_nothing_is_said_of_a_return_that_nobody_expects(quarterly):
    assert said(quarterly, "2030-01-01", return_id="extra") == []


def test_what_is_late_is_found_in_the_file_that_is_loaded(settings, samples):
    pipeline.land(settings, samples, "HR update.xlsx")
    pipeline.ingest(settings)
    assert pipeline.query(settings, "select rule, severity from raw.findings where rule like 'return-%'") == [
        ("return-late", "info")
    ]


@pytest.mark.parametrize(
    ("place", "other", "sheet", "cell"),
    [
        ("nottinghamshire/performance_indicators/2018-09", "2018-12", "Performance", "A1"),
        ("oxfordshire/budget_monitoring/2019-06", "2019-09", "Table 1", "A1"),
        ("southampton/hr_metrics/2017-12", "2018-03", "Hays", "A3"),
        ("southampton/budget_monitoring/2015-02", "2015-03", "(csv)", "A2"),
    ],
)
def test_a_file_of_another_period_than_its_folder_is_held_at_the_cell_that_says_so(
    settings, samples, place, other, sheet, cell
):
    file = next(file for file in (samples / place).iterdir() if "Figure A-4" not in file.name)
    target = settings.landing / Path(place).parent / other / file.name
    target.parent.mkdir(parents=True)
    shutil.copyfile(file, target)
    pipeline.ingest(settings)
    found = pipeline.query(
        settings, "select severity, sheet, cell, message, remedy from raw.findings where rule = 'period-mismatch'"
    )
    assert found
    severity, _, _, message, remedy = found[0]
    assert severity == "error" and f"was sent for {other}" in message
    assert "Send it for the period that it is of" in remedy
    assert (sheet, cell) in {(row[1], row[2]) for row in found}
    assert pipeline.query(settings, "select status from raw.submissions") == [("held",)]


def test_a_month_that_never_came_stands_in_the_mart_of_submissions(settings, tmp_path, samples):
    from transform import candidate

    project = tmp_path / "project"
    shutil.copytree(settings.dbt_project, project, ignore=shutil.ignore_patterns("target", "logs"))
    seed = project / "seeds" / "expected_returns.csv"
    rows = list(csv.reader(seed.open()))
    owed = [[*RETURN, "monthly", "2017-10", "2018-01", "45"] if row[:3] == list(RETURN) else row for row in rows]
    with seed.open("w", newline="") as stream:
        csv.writer(stream).writerows(owed)
    of_project = settings.model_copy(update={"dbt_project": project})
    pipeline.land(of_project, samples, "HR update.xlsx")
    pipeline.ingest(of_project)
    candidate.build(of_project)
    assert pipeline.query(
        of_project,
        "select reporting_period, due_on::varchar, expected, received, accepted from marts.submissions"
        " where return_id = 'hr_update' order by 1",
    ) == [
        ("2017-10", "2017-12-15", True, False, False),
        ("2017-11", "2018-01-14", True, False, False),
        ("2017-12", "2018-02-14", True, True, True),
        ("2018-01", "2018-03-17", True, False, False),
    ]
