"""Mart `lineage`: its rules speak of marts and columns that are there, and leave no number out."""

import csv
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from publication.contract import PARTITION
from publication.recompute import WORDS, Term, recompute
from publication.trace import CELLS
from quarterdeck.settings import Settings
from quarterdeck.warehouse import record_columns, records
from tests.transform.conftest import Candidate

PROJECT = Settings().dbt_project
NUMBERS = ("DECIMAL", "BIGINT", "HUGEINT", "INTEGER", "DOUBLE")
RATING = ("actual", "target", "polarity", "tolerance")
VERDICT = ("printed", "recomputed", "comparison", "cut_off_place")
Columns = dict[str, dict[str, str]]


@pytest.fixture(scope="module")
def rules() -> list[dict[str, str]]:
    with (PROJECT / "seeds" / "lineage_rules.csv").open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


@pytest.fixture(scope="module")
def columns(candidate: Candidate) -> Columns:
    """The columns of every mart, with their types."""
    found: Columns = {}
    for mart, column, kind in candidate.rows(
        "select table_name, column_name, data_type from information_schema.columns where table_schema = 'marts'"
    ):
        found.setdefault(mart, {})[column] = kind
    return found


def partitioned_marts() -> dict[str, dict[str, Any]]:
    """The marts that are published by organisation and quarter, but for those that say where others come from."""
    declared = [yaml.safe_load(path.read_text())["models"][0] for path in PROJECT.glob("models/marts/*.yml")]
    return {
        mart["name"]: mart["config"]["meta"]
        for mart in declared
        if mart["config"]["meta"]["publish"] == PARTITION and not mart["name"].startswith("lineage_")
    }


def test_rules_speak_of_columns_that_are_there(rules: list[dict[str, str]], columns: Columns) -> None:
    for rule in rules:
        assert rule["column_name"] in columns[rule["mart"]], rule
        assert rule["source_column"] in columns[rule["source_mart"]], rule
        for key in filter(None, rule["join_keys"].split(", ")):
            assert key in columns[rule["mart"]] and key in columns[rule["source_mart"]], rule


def test_filters_can_be_asked(rules: list[dict[str, str]], candidate: Candidate) -> None:
    functions = "create temp macro match_key(name) as name; create temp macro quarter_number(quarter) as 1;"
    for rule in rules:
        if rule["source_filter"]:
            candidate.rows(
                f"{functions} select 1 from marts.{rule['source_mart']} as source, marts.{rule['mart']} as figure "
                f"where {rule['source_filter']} limit 0"
            )


def test_rules_say_what_is_done(rules: list[dict[str, str]]) -> None:
    numbered: dict[tuple[str, str], list[int]] = {}
    for rule in rules:
        numbered.setdefault((rule["mart"], rule["column_name"]), []).append(int(rule["operand"]))
        first = rule["operand"] == "1"
        assert bool(rule["arithmetic"]) == bool(rule["says"]) == first, rule
        if first and rule["arithmetic"] not in (WORDS, CELLS):
            terms = [Term(role, None) for role in (*RATING, *VERDICT, "add")]
            recompute(rule["arithmetic"], terms)
        assert (rule["source_mart"] == "lineage_cells") == (rule["arithmetic"] == CELLS), rule
    assert all(operands == list(range(1, len(operands) + 1)) for operands in numbered.values())


def test_no_number_is_left_out(rules: list[dict[str, str]], columns: Columns, candidate: Candidate) -> None:
    """Every number of every partitioned mart has a rule, or the mart's `cells` name its cell."""
    ruled = {(rule["mart"], rule["column_name"]) for rule in rules}
    left_out = [
        f"{mart}.{column}"
        for mart in partitioned_marts()
        for column, kind in columns[mart].items()
        if kind.startswith(NUMBERS)
        and (mart, column) not in ruled
        and ("cells" not in columns[mart] or column not in with_cells(mart, candidate))
    ]
    assert left_out == []


def with_cells(mart: str, candidate: Candidate) -> set[str]:
    """The columns whose cells a mart's `cells` name, as its SQL says: one by one, or one for each measure."""
    models = candidate.settings.dbt_target / "compiled" / "quarterdeck" / "models"
    sql = (models / "marts" / f"{mart}.sql").read_text()
    one_by_one = re.findall(r"'\"(\w+)\":'\s+\|\|", sql)
    behind = [(models / "intermediate" / f"{name}.sql") for name in re.findall(r'"intermediate"\."(\w+)"', sql)]
    behind += [path for found in behind for path in _behind(found, models)]
    by_measure = "\n".join([sql, *(path.read_text() for path in behind)])
    measures = re.findall(r"measure = '(\w+)'\) as \1\b", by_measure) if "'measure': measure" in by_measure else []
    return {*one_by_one, *measures}


def _behind(model: Path, models: Path) -> list[Path]:
    """The intermediate models that one is made from."""
    names = re.findall(r'"intermediate"\."(\w+)"', model.read_text())
    return [models / "intermediate" / f"{name}.sql" for name in names]


def test_cells_listed_apart_are_those_of_rows(candidate: Candidate, columns: Columns) -> None:
    """Each row of `lineage_cells` leads to a row of the mart it names."""
    for mart, meta in partitioned_marts().items():
        names = [name for name in meta["key"] if name not in ("organisation_code", "quarter")]
        pairs = ", ".join(f"'{name}', figure.{name}" for name in names)
        strays = candidate.rows(
            f"""
            select listed.key from marts.lineage_cells as listed
            anti join marts.{mart} as figure
                on listed.organisation_code = figure.organisation_code and listed.quarter = figure.quarter
                and listed.key = cast(json_object({pairs}) as varchar)
            where listed.mart = '{mart}'
            """
        )
        assert strays == [], mart


def test_every_check_lists_its_cells(candidate: Candidate) -> None:
    rows = candidate.rows(
        """
        select reconciliation.check_id from marts.reconciliation
        anti join marts.lineage_cells as listed
            on reconciliation.organisation_code = listed.organisation_code
            and reconciliation.quarter = listed.quarter
            and listed.mart = 'reconciliation'
            and listed.key = cast(json_object('check_id', reconciliation.check_id) as varchar)
            and json_exists(listed.cells, '$.recomputed_value')
        where reconciliation.verdict <> 'not_made'
        """
    )
    assert rows == []


def test_the_multipliers_of_every_quantity_are_kept() -> None:
    """Every quantity of a record is listed in the model that keeps the multipliers."""
    model = (PROJECT / "models" / "staging" / "stg_multipliers.sql").read_text()
    listed = {
        (record, field)
        for record, fields in re.findall(r"'(\w+)': \[([^\]]+)\]", model)
        for field in re.findall(r"\w+", fields)
    }
    declared = {
        (record, column.removesuffix("_scale"))
        for record in records()
        for column in record_columns(record)
        if column.endswith("_scale")
    }
    assert listed == declared


def test_multipliers_are_those_of_the_figures(candidate: Candidate) -> None:
    found = candidate.rows(
        "select sheet, unit, multiplier, sheet_columns from marts.lineage_multipliers "
        "where submission_id like '%project_status_report%' order by all"
    )
    assert found and all(multiplier != 0 and sheet_columns for *_, multiplier, sheet_columns in found)
