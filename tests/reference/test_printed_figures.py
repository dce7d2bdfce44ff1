"""Every figure that the councils printed against the figure that is published."""

import csv
from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest

from tests.reference.crosswalk import Published, published

# Tables that carry a submitted file's figures in full; every one of their numbers is published.
WHOLE_TABLES = {
    "nottinghamshire_201809_project_status.csv": 236,
    "nottinghamshire_201809_ict_performance.csv": 85,
    "oxfordshire_201906_annex2_table1_core_programme.csv": 41,
    "oxfordshire_201906_annex2_table2_2019_20_savings.csv": 33,
    "oxfordshire_201906_annex2_table3_future_savings.csv": 48,
    "oxfordshire_201906_annex2_savings_long.csv": 122,
    "southampton_201712_hays_agency_metrics.csv": 24,
    "southampton_201801_establishment_restructure.csv": 19,
    "nottinghamshire_201809_improving_lives_programmes.csv": 30,
    "nottinghamshire_201811_smarter_working_capital_profile.csv": 36,
    "nottinghamshire_201811_cloud_investment_profile.csv": 4,
    "oxfordshire_201907_dashboard_tiles.csv": 10,
    "southampton_201502_mtfs_figure_a2.csv": 93,
    "southampton_201502_savings_by_theme_figure_a4.csv": 10,
    "southampton_201309_savings_and_fte_proposals.csv": 7,
}

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


def test_every_number_of_the_submitted_tables_is_published(walk):
    counted = Counter(cell["file"] for cell, found in walk if found is not None)
    assert dict(counted) == WHOLE_TABLES


def test_the_totals_of_appendix_b_are_those_printed(marts):
    target, net = marts.execute(
        "select sum(target_gbp), sum(net_at_risk_gbp) from portfolio_savings where quarter = '2018-19 Q2'"
    ).fetchone()
    assert (target, net) == (25_574_000, -6_036_000)
    assert marts.execute("select count(*) from project_status where quarter = '2018-19 Q2'").fetchone() == (70,)
