"""Organisations beside each other: only on the same scale, and who is left out is told why."""

import shutil
from pathlib import Path

import duckdb
import pytest
from lxml import html

from benchmarks.pages import multiply
from pages.build import build_site
from pages.compare import comparison
from pages.organisations import organisations_of
from pages.published import Published
from pages.tables import Table
from tests.pages.reading import counted, shown, text_of

# They repeat three organisations in turn, so the first two of these have a double and the third has none.
ORGANISATIONS = 5


@pytest.fixture(scope="module")
def many(version: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a version with five organisations, with its site."""
    folder = multiply(version, tmp_path_factory.mktemp("compare"), ORGANISATIONS)
    build_site(folder, folder / "site")
    return folder


def test_statuses_are_counted_on_one_scale_and_are_the_marts(many: Path) -> None:
    tree = html.fromstring((many / "site" / "compare.html").read_text())
    found = [each for each in counted(tree) if each.mart == "project_status"]
    with Published(many) as published:
        rows = published.rows("project_status")
    assert {each.organisation_code for each in found} == {"X00000001", "X00000004"}
    assert {each.only["scale_id"] for each in found} == {"five_step_delivery"}
    for each in found:
        wanted = {"organisation_code": each.organisation_code, "quarter": each.quarter} | each.only
        assert int(each.text) == sum(all(row[name] == value for name, value in wanted.items()) for row in rows)
    # Every project is in one of the counts.
    assert sum(int(each.text) for each in found) == len(rows)


def test_figures_of_the_same_unit_stand_beside_each_other(many: Path) -> None:
    tree = html.fromstring((many / "site" / "compare.html").read_text())
    with Published(many) as published:
        keys = {name: mart.key for name, mart in published.marts.items()}
        rows = {published.marts["milestone_delivery"].key_of(row): row for row in published.rows("milestone_delivery")}
    found = [each for each in shown(tree, keys) if each.mart == "milestone_delivery"]
    assert {each.key for each in found} == rows.keys()
    assert all(each.text == f"{rows[each.key][each.column].normalize()}%" for each in found)


def test_who_is_alone_on_a_scale_is_named_with_the_reason(many: Path) -> None:
    tree = html.fromstring((many / "site" / "compare.html").read_text())
    (apart,) = tree.xpath("//section[.//h2[text()='Not compared']]//tbody")
    told = {tuple(text_of(cell) for cell in row) for row in apart}
    name = "Council of X00000002"
    assert (name, "Of this year's target achieved", "Per cent", "Nobody else reports it.") in told
    assert {row[0] for row in told} == {name}


def test_with_nobody_to_compare_the_page_says_why(site: Path) -> None:
    tree = html.fromstring((site / "compare.html").read_text())
    assert [text_of(heading) for heading in tree.xpath("//h2")] == ["Not compared"]
    assert "Nobody else reports it." in text_of(tree)


def test_one_name_in_two_units_gets_a_column_each_also_where_a_unit_is_blank(many: Path, tmp_path: Path) -> None:
    shutil.copyfile(many / "marts.duckdb", tmp_path / "marts.duckdb")
    shutil.copyfile(many / "manifest.json", tmp_path / "manifest.json")
    with duckdb.connect(str(tmp_path / "marts.duckdb")) as connection:
        for code, unit in (("X00000001", "unit"), ("X00000003", "null"), ("X00000004", "null")):
            connection.execute(
                f"""
                insert into main.programme_dashboard
                select * replace ('{code}' as organisation_code, {unit} as unit) from main.programme_dashboard
                where organisation_code = 'X00000002' and measure = 'savings_target'
                """
            )
    with Published(tmp_path) as published:
        tables = comparison(published, organisations_of(published), {})
    headings = [
        column.heading
        for table in tables
        if isinstance(table, Table) and table.mart == "programme_dashboard"
        for column in table.columns[1:]
    ]
    assert headings == ["Total savings target (pounds)", "Total savings target"]
