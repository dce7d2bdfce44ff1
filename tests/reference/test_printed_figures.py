"""Every figure that the councils printed against the figure that is published."""

import csv
from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest

from tests.reference.crosswalk import Published, published

Walk = list[tuple[dict[str, str], Published | None]]


@pytest.fixture(scope="module")
def walk(shared: Path, marts) -> Walk:
    """Every golden cell, with what is published for it."""
    folder = shared / "reference" / "published"
    with (shared / "reference" / "golden_cells.csv").open(newline="", encoding="utf-8") as stream:
        return [(cell, published(marts, folder, cell)) for cell in csv.DictReader(stream)]


def differences(walk: Walk) -> list[str]:
    return [
        f"{cell['file']} row {cell['csv_row']} '{cell['row_label']}' {cell['column']}: printed {cell['value']}, "
        f"published {found.value} ({found.rows} rows of {found.mart} where {dict(found.where)})"
        for cell, found in walk
        if found is not None and found.value != Decimal(cell["value"])
    ]


def test_every_published_figure_is_the_printed_one(walk):
    wrong = differences(walk)
    assert not wrong, "\n" + "\n".join(wrong)


def test_every_printed_number_is_published(walk):
    missing = Counter(cell["file"] for cell, found in walk if found is None)
    print(f"{len(walk) - missing.total()} of {len(walk)} printed numbers are published")
    assert len(walk) > 1000
    assert not missing


def test_the_totals_of_appendix_b_are_those_printed(marts):
    target, net = marts.execute(
        "select sum(target_gbp), sum(net_at_risk_gbp) from portfolio_savings where quarter = '2018-19 Q2'"
    ).fetchone()
    assert (target, net) == (25_574_000, -6_036_000)
    assert marts.execute("select count(*) from project_status where quarter = '2018-19 Q2'").fetchone() == (70,)
