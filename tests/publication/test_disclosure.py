"""What is hidden in one place is told in no other: later versions, changes, checks, findings, traces, exports."""

import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from publication import history
from publication.diff import diff
from publication.disclosure import CONFIDENTIAL, WITHHELD, _places, policy
from publication.manifest import Source, read_manifest
from publication.publish import publish
from publication.store import PublicationError
from publication.trace import CellContent, trace
from quarterdeck.settings import PROJECT_ROOT
from tests.publication.candidates import HAMPTON, QUARTER, Candidate, read
from tests.publication.test_commands import COMMANDS

SUBMISSION = f"{HAMPTON}.report.2018-09.1"
HIDDEN = "3"
MONTHS = ("2018-07", "2018-08", "2018-09")
WORKERS = "select month, shift_workers, shift_workers_token from marts.agency_workforce order by month"


def agency(workers: tuple[int, int, int], filled: tuple[int, int, int] = (50, 60, 70)) -> list[str]:
    """SQL of the marts of one council's temporary staff, of a check of them, and of what was found about them."""
    rows = ", ".join(
        f'(\'{month}\', {number}, {assigned}, \'{{"shift_workers":"B{row}","assignments_filled":"C{row}"}}\')'
        for row, (month, number, assigned) in enumerate(zip(MONTHS, workers, filled, strict=True), 2)
    )
    common = f"'{HAMPTON}' as organisation_code, 'Hampton' as organisation, '{QUARTER}' as quarter"
    where = f"'{SUBMISSION}' as submission_id, 'Agency' as sheet"
    return [
        f"""
        create or replace table marts.agency_workforce as
        select {common}, month, '{QUARTER}' as measured_quarter, workers::bigint as shift_workers,
            filled::bigint as assignments_filled, {where}, cells
        from (values {rows}) as t (month, workers, filled, cells)
        """,
        f"""
        create or replace table marts.agency_workforce_quarterly as
        select {common}, measured_quarter, count(*) as months,
            (sum(shift_workers) / 3)::decimal(18, 1) as average_shift_workers,
            sum(assignments_filled)::bigint as assignments_filled
        from marts.agency_workforce group by all
        """,
        f"""
        create or replace table marts.reconciliation as
        select {common}, check_id, {sum(workers)}::decimal(18, 4) as printed_value,
            {sum(workers)}::decimal(18, 4) as recomputed_value, 0::decimal(18, 4) as difference,
            0.5::decimal(18, 4) as tolerance, ({50 / sum(workers)})::decimal(18, 4) as tolerance_percent,
            'agrees' as verdict,
            null::text as note, {where}, printed_cell, recomputed_from
        from (values ('workers', 'B5', 'B2:B4'), ('shifts', 'E5', 'E2:E4'))
            as t (check_id, printed_cell, recomputed_from)
        """,
        f"""
        create or replace table marts.data_quality_findings as
        select {common}, '{SUBMISSION}' as submission_id, finding_id, stage, 'Agency' as sheet, cell, message,
            'Mend it.' as remedy,
            if(finding_id = 'missing', 'return-missing', 'any') as rule
        from (values
            ('total', 'arithmetic', 'B5', 'workers: 110 is printed in B5, its rows (B2:B4) come to {sum(workers)}'),
            ('jump', 'audit', null, 'shift_workers fell from 40 to {workers[0]}'),
            ('before', 'audit', null, 'shift workers of 2018-07: {workers[0]} here, 40 in the report for 2018-19 Q1'),
            ('late', 'load', null, 'It was due on 3 October.'),
            ('missing', 'audit', null, 'It was due on 3 October and has not come.'),
            ('elsewhere', 'load', 'E7', 'stored as text')
        ) as t (finding_id, stage, cell, message)
        """,
        """
        create or replace table marts.lineage as select * from (values
            ('agency_workforce_quarterly', 'assignments_filled', 1, 'sum', 'its months, added up', 'add',
                'agency_workforce', 'assignments_filled', 'organisation_code, quarter, measured_quarter', null, false)
        ) as t (mart, column_name, operand, arithmetic, says, role, source_mart, source_column, join_keys,
            source_filter, blank_is_zero)
        """,
        f"""
        create or replace table marts.lineage_multipliers as
        select {common}, {where}, 'count' as unit, 1::decimal(18, 6) as multiplier, 'B, C' as sheet_columns
        """,
    ]


META: dict[str, Any] = {
    "agency_workforce": {"publish": "partition", "key": ["organisation_code", "quarter", "month"]},
    "agency_workforce_quarterly": {"publish": "partition", "key": ["organisation_code", "quarter", "measured_quarter"]},
    "reconciliation": {"publish": "partition", "key": ["organisation_code", "quarter", "check_id"]},
    "data_quality_findings": {"publish": "whole", "key": ["finding_id"]},
    "lineage": {"publish": "whole", "key": ["mart", "column_name", "operand"]},
    "lineage_multipliers": {"publish": "partition", "key": ["organisation_code", "quarter", "submission_id"]},
}


@pytest.fixture
def small(candidate: Candidate) -> Candidate:
    """A month with 3 shift workers, of a quarter whose other months have 40 and 67."""
    candidate.meta |= META
    candidate.extra_sql = agency((3, 40, 67))
    candidate.build()
    publish(candidate.settings)
    return candidate


def again(candidate: Candidate, workers: tuple[int, int, int], filled: tuple[int, int, int] = (50, 60, 70)) -> None:
    """Publish other numbers of the same council."""
    candidate.extra_sql = agency(workers, filled)
    candidate.decide(HAMPTON, "published", f"{workers} {filled}")
    candidate.build()
    assert publish(candidate.settings).changed


def every_text(folder: Path) -> Iterator[str]:
    """Every text file of a version."""
    for path in folder.rglob("*"):
        if path.suffix in (".csv", ".json", ".yaml", ".yml"):
            yield path.read_text()


def test_a_small_count_is_blank_and_so_is_the_smallest_month_beside_it(small: Candidate) -> None:
    assert read(small.settings, WORKERS) == [
        ("2018-07", None, CONFIDENTIAL),
        ("2018-08", None, CONFIDENTIAL),
        ("2018-09", 67, None),
    ]
    quarterly = "select average_shift_workers, average_shift_workers_token from agency_workforce_quarterly"
    assert read(small.settings, quarterly) == [(Decimal("36.7"), None)]


def test_the_manifest_counts_what_is_hidden(small: Candidate) -> None:
    found = read_manifest(small.settings, "v00001").disclosure
    assert found and (found.primary, found.secondary, found.exposed) == (1, 1, 0)


def test_nothing_is_hidden_where_nothing_is_small(candidate: Candidate) -> None:
    candidate.meta |= META
    candidate.extra_sql = agency((257, 290, 278))
    candidate.build()
    publish(candidate.settings)

    assert [row[1:] for row in read(candidate.settings, WORKERS)] == [(257, None), (290, None), (278, None)]
    assert read(candidate.settings, "select printed_value from reconciliation where check_id = 'workers'") == [(825,)]


def test_checks_and_findings_about_hidden_cells_are_withheld_and_others_are_not(small: Candidate) -> None:
    checks = "select check_id, printed_value, recomputed_value, difference, note from reconciliation order by 1"
    assert read(small.settings, checks) == [("shifts", 110, 110, 0, None), ("workers", None, None, None, WITHHELD)]
    findings = read(small.settings, "select stage, cell, message from data_quality_findings order by all")
    assert findings == [
        ("arithmetic", "B5", WITHHELD),
        ("audit", None, "It was due on 3 October and has not come."),
        ("audit", None, WITHHELD),
        ("audit", None, WITHHELD),
        ("load", "E7", "stored as text"),
        ("load", None, "It was due on 3 October."),
    ]


@pytest.mark.parametrize(("workers", "told"), [((3, 40, 67), WITHHELD), ((30, 40, 67), None)])
def test_a_finding_of_a_check_that_is_withheld_is_withheld_too(
    candidate: Candidate, workers: tuple[int, int, int], told: str | None
) -> None:
    """It names the cell of the printed figure alone, and tells what the hidden ones add up to."""
    message = f"workers in words = those of the months: 200 printed, against {sum(workers)} from the other table"
    here = f"'{HAMPTON}' as organisation_code, '{QUARTER}' as quarter, '{SUBMISSION}' as submission_id"
    candidate.meta |= META
    candidate.extra_sql = [
        *agency(workers),
        f"""
        insert into marts.reconciliation by name
        select {here}, 'words' as check_id, 200 as printed_value, {sum(workers)} as recomputed_value,
            'Words' as sheet, 'D20' as printed_cell, 'Agency!B2:B4' as recomputed_from
        """,
        f"""
        insert into marts.data_quality_findings by name
        select {here}, finding_id, stage, 'Words' as sheet, 'D20' as cell, message, 'any' as rule
        from (values ('words', 'audit', '{message}'), ('text', 'load', 'stored as text'))
            as t (finding_id, stage, message)
        """,
    ]
    candidate.build()
    publish(candidate.settings)

    found = "select message from data_quality_findings where sheet = 'Words' order by stage"
    assert [row for (row,) in read(candidate.settings, found)] == [told or message, "stored as text"]


def test_a_finding_of_the_next_quarter_does_not_tell_what_the_one_before_hides(candidate: Candidate) -> None:
    """Nothing is small in the quarter that it is about: 300 shift workers, after 3 or after what protects the 3."""
    later = "2018-19 Q3"
    candidate.meta |= META
    candidate.extra_sql = [
        *agency((3, 40, 67)),
        "insert into marts.agency_workforce select * replace "
        f"('{later}' as quarter, '2018-10' as month, '{later}' as measured_quarter, 300 as shift_workers) "
        "from marts.agency_workforce where month = '2018-07'",
        f"""
        insert into marts.data_quality_findings by name
        select '{HAMPTON}' as organisation_code, '{later}' as quarter, finding_id, stage, 'Agency' as sheet, cell,
            message, 'any' as rule
        from (values
            ('size', 'audit', 'B2', 'shift workers is 300, after 3 ({QUARTER})'),
            ('blank', 'audit', null, 'shift workers was 40 ({QUARTER}) and has no figure now'),
            ('other', 'audit', 'E2', 'shifts unfilled is 300, after 3 ({QUARTER})'),
            ('text', 'load', 'B2', 'stored as text; it was read as 300')
        ) as t (finding_id, stage, cell, message)
        """,
    ]
    candidate.decide(HAMPTON, "published", "h2", later)
    candidate.build()
    publish(candidate.settings)

    told = f"select cell, message from data_quality_findings where quarter = '{later}' order by stage, cell"
    assert read(candidate.settings, told) == [
        ("B2", WITHHELD),
        ("E2", f"shifts unfilled is 300, after 3 ({QUARTER})"),
        (None, WITHHELD),
        ("B2", "stored as text; it was read as 300"),
    ]


@pytest.mark.parametrize(("sheet", "told"), [("Agency", WITHHELD), ("Projects", "'2' is stored as text.")])
def test_what_is_found_in_a_held_file_tells_no_small_count(candidate: Candidate, sheet: str, told: str) -> None:
    """None of its figures is published, so none is hidden either; yet the finding, and the decision, quote it."""
    candidate.meta |= META
    candidate.extra_sql = [
        *agency((30, 40, 67)),
        f"""
        insert into marts.data_quality_findings by name
        select '{HAMPTON}' as organisation_code, '{QUARTER}' as quarter, '{HAMPTON}.report.2018-09.2' as submission_id,
            cell as finding_id, 'load' as stage, '{sheet}' as sheet, cell, message, 'any' as rule
        from (values ('B2', $$'2' is stored as text.$$), ('B3', $$'lots' stands where a number belongs.$$))
            as t (cell, message)
        """,
        "create or replace view marts.submissions as select submission_id, organisation_code, "
        "$$v2.xlsx: '2' is stored as text. (1 more)$$ as quarter_decision_reason from build.raw.submissions",
        f"update gate.decisions set reason = $$v2.xlsx: '2' is stored as text.$$ where organisation_code = '{HAMPTON}'",
    ]
    candidate.build()
    publish(candidate.settings)

    found = "select message from data_quality_findings where submission_id like '%.2' order by cell"
    assert read(candidate.settings, found) == [(told,), ("'lots' stands where a number belongs.",)]
    assert set(read(candidate.settings, "select quarter_decision_reason from submissions")) == {
        (f"v2.xlsx: {told} (1 more)",)
    }
    partition = read_manifest(candidate.settings, "v00001").partition((HAMPTON, QUARTER))
    assert partition and partition.reason == f"v2.xlsx: {told}"


def test_the_name_of_a_withheld_finding_does_not_tell_what_it_said(candidate: Candidate) -> None:
    """It is a hash of the sentence as long as the sentence is shown; who knows the rest of it could try 1 to 4."""
    candidate.meta |= META
    names = set()
    for version, count in enumerate((2, 3), 1):
        jump = f"shift_workers fell from 40 to {count}"
        candidate.extra_sql = [
            *agency((count, 40, 67)),
            "delete from marts.data_quality_findings where finding_id not in ('jump', 'late')",
            f"update marts.data_quality_findings set finding_id = md5('{jump}') where finding_id = 'jump'",
        ]
        candidate.decide(HAMPTON, "published", str(version))
        candidate.build()
        assert publish(candidate.settings).version == f"v{version:05}"
        names |= set(
            read(candidate.settings, f"select finding_id from data_quality_findings where message = '{WITHHELD}'")
        )

    assert len(names) == 1


def test_a_tolerance_in_per_cent_goes_with_the_figure_that_it_would_tell(small: Candidate) -> None:
    checks = "select check_id, tolerance, tolerance_percent from reconciliation order by 1"
    (_, shown, of_shown), (_, *withheld) = read(small.settings, checks)

    assert shown / of_shown * 100 == pytest.approx(110, abs=1)
    assert withheld == [None, None]


def test_an_equal_candidate_is_not_published_again(small: Candidate) -> None:
    small.build()

    assert not publish(small.settings).changed


def test_a_later_version_hides_what_the_earlier_one_hid(small: Candidate) -> None:
    """Else the month that protected the small one would be subtracted from the earlier version's quarter."""
    again(small, (3, 200, 67))

    assert [row[1] for row in read(small.settings, WORKERS)] == [None, None, 67]


def test_a_month_shown_before_protects_nothing(candidate: Candidate) -> None:
    candidate.meta |= META
    candidate.extra_sql = agency((30, 40, 67))
    candidate.build()
    publish(candidate.settings)
    again(candidate, (3, 40, 67))

    assert [row[1] for row in read(candidate.settings, WORKERS)] == [None, 40, 67]
    assert read(candidate.settings, "select average_shift_workers from agency_workforce_quarterly") == [(None,)]


def test_a_held_partition_keeps_its_secret(small: Candidate) -> None:
    small.extra_sql = agency((5, 41, 68))
    small.decide(HAMPTON, "held", "later")
    small.change("Libraries", target_gbp=Decimal(2))
    small.decide("E10000002", "published", "o2")
    small.build()
    publish(small.settings)

    assert [row[1] for row in read(small.settings, WORKERS)] == [None, None, 67]


def test_changes_and_differences_show_the_word(small: Candidate) -> None:
    again(small, (3, 41, 68))

    changes = read(small.settings, "select old_value, new_value from figure_changes where mart = 'agency_workforce'")
    assert changes == [("67", "68")]
    again(small, (0, 41, 69))
    changed = diff(small.settings, "2", "3").marts
    (workers,) = [mart for mart in changed if mart.mart == "agency_workforce"]
    shown = {(change["key"]["month"], change["old_value"], change["new_value"]) for change in workers.changed}
    assert ("2018-07", f"[{CONFIDENTIAL}]", "0") in shown
    assert not any(HIDDEN in (old, new) for _, old, new in shown)


def test_no_file_of_the_version_holds_the_number(small: Candidate) -> None:
    texts = list(every_text(small.settings.published / "v00001"))

    assert len(texts) > len(META)
    told = re.compile(rf"2018-07,[^\n]*,{HIDDEN}(,|\r)|fell from 40 to {HIDDEN}")
    assert not [text for text in texts if told.search(text)]


def test_a_rollback_hides_again(small: Candidate) -> None:
    again(small, (300, 400, 670))
    history.rollback(small.settings, "1", "the second was wrong")

    assert [row[1] for row in read(small.settings, WORKERS)] == [None, None, 67]


def test_what_was_hidden_stays_hidden_after_a_rollback_that_showed_older_figures(candidate: Candidate) -> None:
    """Else the month that protects the 3 in the second version would be read in the fourth."""
    candidate.meta |= META
    candidate.extra_sql = agency((30, 40, 67))
    candidate.build()
    publish(candidate.settings)
    again(candidate, (3, 100, 200))
    history.rollback(candidate.settings, "1", "the second was wrong")
    assert [row[1] for row in read(candidate.settings, WORKERS)] == [30, 40, 67]
    again(candidate, (3, 100, 99))

    assert [row[1] for row in read(candidate.settings, WORKERS, "v00002")] == [None, None, 200]
    assert [row[1] for row in read(candidate.settings, WORKERS)] == [None, None, 99]


def test_what_was_hidden_stays_hidden_when_it_comes_back(candidate: Candidate) -> None:
    candidate.meta |= META
    candidate.extra_sql = agency((3, 100, 200))
    candidate.build()
    publish(candidate.settings)
    candidate.extra_sql = [*agency((3, 100, 200)), "delete from marts.agency_workforce where month = '2018-08'"]
    candidate.decide(HAMPTON, "published", "without August")
    candidate.build()
    publish(candidate.settings)
    again(candidate, (3, 100, 99))

    assert [row[1] for row in read(candidate.settings, WORKERS)] == [None, None, 99]


def test_a_hidden_figure_that_a_later_return_prints_again_stays_hidden(small: Candidate) -> None:
    """August protects July. Another quarter's return prints August alone; the version no longer knows what it hid."""
    later = "2018-19 Q3"
    small.extra_sql = [
        *agency((3, 40, 67)),
        "insert into marts.agency_workforce select * replace "
        f"('{later}' as quarter, if(month = '2018-08', month, '2018-10') as month) "
        "from marts.agency_workforce where month in ('2018-08', '2018-09')",
    ]
    small.decide(HAMPTON, "published", "o3", later)
    small.build()
    publish(small.settings)

    again = (
        f"select month, shift_workers, shift_workers_token from agency_workforce where quarter = '{later}' order by 1"
    )
    assert read(small.settings, again) == [("2018-08", None, CONFIDENTIAL), ("2018-10", 67, None)]


class Cells:
    """The archived file, and which of its cells somebody read."""

    def __init__(self) -> None:
        self.read: list[str] = []

    def __call__(self, source: Source, sheet: str, cell: str, unit: str | None) -> CellContent:
        """The number 50 for every cell."""
        self.read.append(cell)
        return CellContent("50", (Decimal(50),))


def test_a_trace_says_suppressed_and_does_not_read_the_cell(small: Candidate) -> None:
    cells = Cells()
    (figure,) = trace(small.settings, cells, "agency_workforce", "month=2018-07", "shift_workers").figures

    assert (figure.suppressed, figure.value, figure.recomputed, figure.sound) == (True, None, None, True)
    assert figure.cell and (figure.cell.cell, figure.cell.holds, figure.cell.suppressed) == ("B2", None, True)
    assert cells.read == []


def test_the_trace_of_a_withheld_check_reads_no_cell(small: Candidate) -> None:
    """Its printed total stands in no mart; with the months that are shown it would tell the hidden one."""
    small.meta["lineage_cells"] = {"publish": "partition", "key": ["organisation_code", "quarter", "mart", "key"]}
    small.extra_sql = [
        *agency((3, 40, 67)),
        "insert into marts.lineage values ('reconciliation', 'printed_value', 1, 'cells', 'the printed figure', 'add', "
        "'lineage_cells', 'cells', null, null, false)",
        f"""
        create or replace table marts.lineage_cells as
        select '{HAMPTON}' as organisation_code, '{QUARTER}' as quarter, 'reconciliation' as mart,
            '{{"check_id":"' || check_id || '"}}' as key, '{SUBMISSION}' as submission_id, 'Agency' as sheet, cells
        from (values ('workers', '{{"printed_value":"B5"}}'), ('shifts', '{{"printed_value":"E5"}}'))
            as t (check_id, cells)
        """,
    ]
    small.decide(HAMPTON, "published", "with the cells of checks")
    small.build()
    publish(small.settings)
    cells = Cells()
    (withheld,) = trace(small.settings, cells, "reconciliation", "check_id=workers", "printed_value").figures
    assert (withheld.suppressed, withheld.operands, cells.read) == (True, [], [])

    trace(small.settings, cells, "reconciliation", "check_id=shifts", "printed_value")
    assert cells.read == ["E5"]


def test_the_trace_of_a_shown_total_does_not_show_its_hidden_parts(candidate: Candidate) -> None:
    candidate.meta |= META
    candidate.extra_sql = agency((257, 290, 278), (2, 9, 50))
    candidate.build()
    publish(candidate.settings)
    cells = Cells()
    found = trace(candidate.settings, cells, "agency_workforce_quarterly", f"quarter={QUARTER}", "assignments_filled")

    (total,) = found.figures
    assert (total.value, total.recomputed, total.agrees, total.sound) == (61, None, None, True)
    assert [operand.figure.suppressed for operand in total.operands if operand.figure] == [True, True, False]
    assert cells.read == ["C4"]


def test_a_policy_that_names_a_lost_column_stops_the_publication(candidate: Candidate) -> None:
    candidate.meta |= META
    candidate.extra_sql = [*agency((3, 40, 67)), "alter table marts.agency_workforce drop column assignments_filled"]
    candidate.build()

    with pytest.raises(PublicationError, match=r"disclosure.yml names assignments_filled of agency_workforce"):
        publish(candidate.settings)


MODELS = {
    model["name"].removeprefix("dim_"): {column["name"]: column["data_type"] for column in model["columns"]}
    for path in sorted((PROJECT_ROOT / "dbt_project" / "models" / "marts").glob("*.yml"))
    for model in yaml.safe_load(path.read_text())["models"]
}


def test_every_whole_number_of_the_marts_is_said_to_count_people_or_not() -> None:
    rules = policy()
    people = {(figure.mart, figure.column) for figure in rules.figures}
    others = {(mart, column) for mart, columns in rules.not_people.items() for column in columns}
    counts = {
        (mart, column) for mart, columns in MODELS.items() for column, kind in columns.items() if kind == "bigint"
    }

    assert people.isdisjoint(others)
    assert others <= counts <= people | others


def test_the_policy_names_columns_that_the_marts_have() -> None:
    rules = policy()
    sides = [side for rule in rules.totals for side in (rule.total, rule.parts)]
    named = {(each.mart, each.column) for each in (*rules.figures, *rules.repeated, *sides)}
    named |= {(rule.hide.mart, column) for rule in rules.follows for column in rule.hide.columns}
    named |= {(rule.total.mart, column) for rule in rules.totals for column in rule.by}
    named |= {(rule.parts.mart, column) for rule in rules.totals for column in rule.by}
    named |= {(side.mart, column) for rule in rules.follows for side in (rule.when, rule.hide) for column in rule.by}

    assert not {(mart, column) for mart, column in named if column not in MODELS[mart]}


def test_rules_that_tell_no_counts_look_at_none() -> None:
    rules = policy()
    people = {figure.mart for figure in rules.figures}
    across_time = yaml.safe_load((PROJECT_ROOT / "expectations" / "across_time.yml").read_text())
    look_at_people = {each["rule"] for each in across_time["comparisons"] if each["mart"] in people}

    assert look_at_people and not look_at_people & set(rules.tell_no_counts)
    assert across_time["usual"]["rule"] not in rules.tell_no_counts


def test_every_figure_that_adds_up_or_repeats_is_one_that_counts_people() -> None:
    rules = policy()
    people = {(figure.mart, figure.column) for figure in rules.figures}
    sides = [side for rule in rules.totals for side in (rule.total, rule.parts)]

    assert {(side.mart, side.column) for side in (*sides, *rules.repeated)} <= people


def test_the_command_says_how_much_is_suppressed(small: Candidate, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QUARTERDECK_HOME", str(small.settings.home))
    monkeypatch.setenv("COLUMNS", "200")
    told = CliRunner().invoke(COMMANDS, ["publications", "current"]).stdout

    assert "Suppressed figures: 1 counting very few people, 1 protecting these, 0 that would tell them" in told


def test_the_file_of_a_version_never_held_what_is_hidden(candidate: Candidate) -> None:
    """More rows than fit into one group: DuckDB writes such a table before anything in it can be changed."""
    candidate.meta |= META
    secret = "shift_workers fell from 40 to 3"
    candidate.extra_sql = [
        *agency((3, 40, 67)),
        "insert into marts.data_quality_findings by name "
        f"select '{HAMPTON}' as organisation_code, '{QUARTER}' as quarter, 'n' || number as finding_id, "
        f"'audit' as stage, 'any' as rule, '{secret}, ' || number as message from range(200000) as numbers (number)",
    ]
    candidate.build()
    publish(candidate.settings)
    version = candidate.settings.published / "v00001"

    assert secret.encode() not in (version / "marts.duckdb").read_bytes()
    assert {path.name for path in version.iterdir()} >= {"marts.duckdb", "manifest.json"}
    assert not list(version.glob("*.tmp"))


def test_a_text_that_names_a_whole_column_names_no_more_cells_than_are_asked_about() -> None:
    """Senders write into their cells what they like, and messages repeat it."""
    assert _places("'B2:B9999999' is no label", "S", 4) == {("S", "B2"), ("S", "B3"), ("S", "B4")}
    assert _places("B" + "9" * 5_000, "S", 4) == set()
