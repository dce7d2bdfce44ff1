"""The rules across time: each speaks of the cases it is meant for, and of no others."""

import shutil
from pathlib import Path

import duckdb
import pytest
from pydantic import ValidationError

from expectations.across_time import Series, across_time, compare
from expectations.pending import Partition
from expectations.store import PlacedFinding
from expectations.submissions import Submission
from quarterdeck.rules import catalogue
from quarterdeck.settings import Settings
from quarterdeck.warehouse import connect, prepare
from tests.expectations import marts
from tests.expectations.build import ORGANISATION, Build
from tests.expectations.time_cases import FIRES, NOW, SILENT, Case, Rows

JUDGED = [Partition(ORGANISATION, NOW, "")]


@pytest.fixture(scope="module")
def empty_candidate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A build file with every mart and no rows, to copy."""
    build = Build(Settings(home=tmp_path_factory.mktemp("marts")))
    prepare(build.settings)
    marts.create_candidate(build)
    build.execute(
        "create table marts.submissions (organisation_code text, quarter text, return_id text, reporting_period text,"
        " expected boolean, received boolean, due_on date)"
    )
    return build.settings.warehouse


@pytest.fixture
def candidate(settings: Settings, empty_candidate: Path) -> Build:
    """Every mart, with no rows, of this test's own."""
    settings.warehouse.parent.mkdir(parents=True)
    shutil.copyfile(empty_candidate, settings.warehouse)
    return Build(settings)


def put(build: Build, rows: Rows) -> None:
    """Insert rows: good ones changed, or, of what has no good row, as they are."""
    marts.insert_rows(build, *(row for row in rows if row[0] in marts.GOOD))
    for mart, row in rows:
        if mart not in marts.GOOD:
            given = {"organisation_code": ORGANISATION, "quarter": NOW, **row}
            build.execute(
                f"insert into marts.{mart} ({', '.join(given)}) values ({', '.join('?' * len(given))})",
                [list(given.values())],
            )


def publish(build: Build, rows: Rows) -> None:
    """Let these rows be what was last published."""
    folder = build.settings.published / "v00001"
    folder.mkdir(parents=True)
    (build.settings.published / "current").symlink_to("v00001")
    aside = Build(Settings(home=build.settings.home / "aside"))
    prepare(aside.settings)
    marts.create_candidate(aside)
    put(aside, rows)
    with duckdb.connect(str(folder / "marts.duckdb")) as connection:
        connection.execute(f"attach '{aside.settings.warehouse}' as aside (read_only)")
        for mart in marts.GOOD:
            connection.execute(f"create table {mart} as from aside.marts.{mart}")


def found(build: Build, case: Case) -> list[PlacedFinding]:
    before, now, published = case
    put(build, [*before, *now])
    if published:
        publish(build, published)
    with connect(build.settings, read_only=True) as connection:
        return compare(build.settings, connection, JUDGED, {})


def cases(declared: dict[str, list[Case]]) -> list[tuple[str, int]]:
    return [(rule, number) for rule, listed in declared.items() for number in range(len(listed))]


def test_every_declared_rule_has_cases_of_both_kinds() -> None:
    declared = {one.rule for one in across_time().comparisons} | {across_time().usual.rule}
    assert set(FIRES) == set(SILENT) == declared
    assert {catalogue()[rule].severity.value for rule in declared} == {"warning"}


@pytest.mark.parametrize(("rule", "number"), cases(FIRES))
def test_a_rule_speaks_of_what_it_is_meant_for(candidate: Build, rule: str, number: int) -> None:
    speaking = [placed for placed in found(candidate, FIRES[rule][number]) if placed.finding.rule == rule]
    assert speaking
    assert {(placed.organisation_code, placed.quarter) for placed in speaking} == {(ORGANISATION, NOW)}
    assert all("{" not in placed.finding.message and placed.finding.remedy for placed in speaking)


@pytest.mark.parametrize(("rule", "number"), cases(SILENT))
def test_a_rule_is_silent_on_what_it_is_not_meant_for(candidate: Build, rule: str, number: int) -> None:
    assert [placed for placed in found(candidate, SILENT[rule][number]) if placed.finding.rule == rule] == []


@pytest.mark.parametrize(
    ("rule", "mart", "sheet", "cell"),
    [
        ("status-against-risk", "project_status", "Appendix B", "D52"),
        ("saving-reprofiled", "savings_profile", "Table 1", None),
    ],
)
def test_what_is_found_points_at_its_cell(candidate: Build, rule: str, mart: str, sheet: str, cell: str | None) -> None:
    before, now, _ = FIRES[rule][0]
    put(candidate, [*before, *now])
    candidate.execute(f"update marts.{mart} set submission_id = quarter")
    sent = Submission(NOW, ORGANISATION, "annex", "2018-09", 1, "accepted", "", None, "annex.xlsx")
    with connect(candidate.settings, read_only=True) as connection:
        placed = compare(candidate.settings, connection, JUDGED, {NOW: sent})
    assert {
        (one.finding.rule, one.finding.sheet, one.finding.cell, one.submission_id, one.file_name) for one in placed
    } == {(rule, sheet, cell, NOW, "annex.xlsx")}


def test_what_is_missing_now_points_at_no_cell_of_now(candidate: Build) -> None:
    before, now, _ = FIRES["rating-lost"][3]
    put(candidate, [*before, *now])
    candidate.execute("update marts.project_status set submission_id = 'sent'")
    sent = Submission("sent", ORGANISATION, "annex", "2018-09", 1, "accepted", "", None, "annex.xlsx")
    with connect(candidate.settings, read_only=True) as connection:
        placed = compare(candidate.settings, connection, JUDGED, {"sent": sent})
    assert [one.submission_id for one in placed if one.finding.rule == "rating-lost"] == [None]


def test_a_quarter_that_nobody_judges_is_not_compared(candidate: Build) -> None:
    before, now, _ = FIRES["saving-deleted"][0]
    put(candidate, [*before, *now])
    with connect(candidate.settings, read_only=True) as connection:
        assert compare(candidate.settings, connection, [Partition("E10000024", NOW, "")], {}) == []


def test_every_comparison_is_put_to_every_mart_it_names(candidate: Build) -> None:
    """Also those whose cases are of another comparison: their SQL must fit the marts as they are."""
    assert {one.mart for one in across_time().comparisons} - {"row_counts", "submissions"} <= set(marts.GOOD)
    put(candidate, [(mart, {}) for mart in marts.GOOD])
    publish(candidate, [(mart, {}) for mart in marts.GOOD])
    with connect(candidate.settings, read_only=True) as connection:
        assert compare(candidate.settings, connection, JUDGED, {}) == []


def test_a_share_is_of_the_larger_figure() -> None:
    """Series that move by less are left out, which is right only up to the whole of it."""
    declared = across_time().usual.series[0].model_dump()
    with pytest.raises(ValidationError, match="share"):
        Series(**declared | {"share": 1.5})
