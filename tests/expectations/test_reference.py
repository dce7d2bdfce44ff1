"""Verdicts on the councils' own tables: the same as those of people who added them up, and no others."""

import csv
from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest

from quarterdeck.settings import Settings
from tests import pipeline
from tests.expectations.build import Build

# Which comparisons of the reference are about which return: sums within rows and columns of its own tables.
GROUPS = {
    "medium_term_forecast": ("002-A2",),
    "savings_by_theme": ("002-A4",),
    "hr_update": ("000-EST",),
    "project_status_report": ("003-BR", "003-BC", "003-CR"),
    "smarter_working_capital": ("003-SWC", "003-SWR", "003-CLD"),
    "transformation_financial_position": ("004-T1R", "004-T1C", "004-T2R", "004-T2C", "004-T3R", "004-T3C"),
}

# The reference writes this group in millions; its cells carry their own multiplier and are read as pounds.
IN_MILLIONS = "003-CLD"

Comparison = tuple[Decimal, Decimal, str]

pytestmark = pytest.mark.reference


@pytest.fixture(scope="module")
def ingested(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Build:
    """A build file with every submitted file, checked."""
    settings = Settings(home=tmp_path_factory.mktemp("arithmetic"))
    pipeline.land(settings, shared / "inputs")
    pipeline.ingest(settings)
    return Build(settings)


@pytest.fixture(scope="module")
def reference(shared: Path) -> dict[str, Counter[Comparison]]:
    """Printed and recomputed figure and verdict of each comparison, by the group it belongs to."""
    groups: dict[str, Counter[Comparison]] = {}
    with (shared / "reference" / "reconciliation.csv").open(newline="", encoding="utf-8") as stream:
        for row in csv.DictReader(stream):
            if row["kind"] == "arithmetic":
                group = row["check_id"].rpartition("-")[0]
                unit = 1_000_000 if group == IN_MILLIONS else 1
                printed, recomputed = (Decimal(row[name] or 0) * unit for name in ("printed_value", "recomputed_value"))
                groups.setdefault(group, Counter())[printed, recomputed, row["verdict"]] += 1
    return groups


@pytest.mark.parametrize("return_id", GROUPS)
def test_every_comparison_has_the_verdict_of_the_reference(
    ingested: Build, reference: dict[str, Counter[Comparison]], return_id: str
) -> None:
    rows = ingested.query(f"from raw.arithmetic_checks where contains(submission_id, '.{return_id}.')")
    found = Counter((row["printed_value"] or Decimal(0), row["recomputed_value"], row["verdict"]) for row in rows)
    # Where nothing is printed and nothing comes of the rows, there was nothing for the reference to list.
    del found[Decimal(0), Decimal(0), "agrees"]
    expected: Counter[Comparison] = sum((reference[group] for group in GROUPS[return_id]), Counter())
    del expected[Decimal(0), Decimal(0), "agrees"]
    assert expected.total() > 0
    assert found == expected


def test_nobody_is_held_for_what_they_printed(ingested: Build) -> None:
    assert ingested.query("select distinct status from raw.submissions") == [{"status": "accepted"}]
    assert ingested.query("from raw.findings where stage = 'arithmetic' and severity = 'error'") == []
