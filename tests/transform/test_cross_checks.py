"""The cross-checks that the seeds declare: words that the models know, and both sides of each check."""

import csv
import re
from collections import defaultdict

import pytest
import yaml

from quarterdeck.settings import PROJECT_ROOT, Settings
from quarterdeck.warehouse import records

SEEDS = Settings().dbt_project / "seeds"
MODELS = Settings().dbt_project / "models"
LISTINGS = {"listed", "status", "rank"}
DIMENSIONS = {"topic", "item", "measure", "period"}
Row = dict[str, str]


def seed(name: str) -> list[Row]:
    """The rows of a seed."""
    with (SEEDS / f"{name}.csv").open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


CHECKS, TERMS = seed("cross_checks"), seed("cross_check_terms")


def key(row: Row) -> tuple[str, str]:
    return row["organisation_code"], row["check_name"]


def words(rows: list[Row], column: str) -> set[str]:
    return {row[column] for row in rows}


def test_every_check_has_a_name_of_its_own():
    names = [key(check) for check in CHECKS]
    assert len(set(names)) == len(names) > 100


def test_every_check_has_both_sides_and_every_term_a_check():
    roles = defaultdict(set)
    for term in TERMS:
        roles[key(term)].add(term["role"])
    assert set(roles) == {key(check) for check in CHECKS}
    assert not [name for name, found in roles.items() if not {"printed", "plus"} <= found]


def test_words_are_those_the_models_know():
    assert words(CHECKS, "comparison") <= {"equal", "at least", "at most"}
    assert words(CHECKS, "blank_is") <= {"", "zero"}
    assert words(CHECKS, "cut_off") <= {"", "true"}
    assert words(CHECKS, "severity") == {"warning", "info"}
    assert words(CHECKS, "derives") == {"", "programme_dashboard", "milestone_delivery"}
    assert {word for check in CHECKS for word in check["for_each"].split()} <= DIMENSIONS
    assert words(TERMS, "role") <= {"printed", "plus", "times", "of"}
    assert words(TERMS, "aggregate") <= {"", "sum", "mean", "max", "items", "topics", "parts", "periods"}
    assert words(TERMS, "record") <= LISTINGS | set(records())


def test_tables_are_those_of_the_layouts():
    layouts = [yaml.safe_load(path.read_text()) for path in (PROJECT_ROOT / "loaders" / "layouts").glob("*.yml")]
    tables = {table["table"] for layout in layouts for table in layout["tables"]}
    assert words(TERMS, "table_name") <= tables


def test_a_tolerance_is_explained():
    lenient = [check for check in CHECKS if check["tolerance"] or check["cut_off"]]
    assert lenient and not [check["check_name"] for check in lenient if not check["note"]]


def test_printed_terms_leave_open_what_a_check_is_made_for():
    each = {key(check): set(check["for_each"].split()) for check in CHECKS}
    printed = [term for term in TERMS if term["role"] == "printed"]
    assert not [term["check_name"] for term in printed if any(term[name] for name in each[key(term)])]


@pytest.mark.parametrize("record", [name for name, fields in records().items() if "quantity" in fields.values()])
def test_every_number_can_be_compared(record: str):
    declared = (MODELS / "staging" / "stg_quantities.sql").read_text()
    (names,) = re.findall(rf"'{record}': (\{{.*?\}})", declared, re.DOTALL)
    quantities = [field for field, kind in records()[record].items() if kind == "quantity"]
    assert quantities == ["value"] or all(f"'{field}'" in names for field in quantities)
