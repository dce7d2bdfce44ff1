"""The pages read back: every figure is the mart's, every link leads somewhere, nothing asks for anything outside."""

import json
import re
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from lxml import html

from pages.blocks import blocks, contents
from pages.build import build_site
from pages.figures import is_number, label, word
from pages.operations import operations
from pages.published import Published, Row
from pages.tables import Items, Table
from tests.pages.reading import KINDS, counted, shown, text_of


def trees(site: Path) -> Iterator[tuple[Path, Any]]:
    for path in sorted(site.rglob("*.html")):
        yield path, html.fromstring(path.read_text())


def number_in(text: str) -> Decimal:
    """What a reader takes a shown number for."""
    return Decimal(text.replace("£", "").replace("%", "").replace(",", "").replace("\N{MINUS SIGN}", "-"))


def says(text: str, value: Any, numeric: bool) -> bool:
    """Whether a text shows a mart's value."""
    if value is None:
        return text == "not reported" or text.startswith("[") if numeric else text in ("", "All", "not reported")
    if isinstance(value, bool):
        return text == ("Yes" if value else "No")
    if numeric:
        return number_in(text) == value
    if isinstance(value, datetime):
        return datetime.strptime(text, "%d %B %Y, %H:%M UTC") == value.replace(second=0, microsecond=0)
    if isinstance(value, date):
        return datetime.strptime(text, "%d %B %Y").date() == value
    return text in (" ".join(value.split()), word(value))


def tells(text: str, row: Row, column: str, published: Published) -> bool:
    """Whether a text tells a value of another mart that a row holds as a text."""
    of = published.marts[row["mart"]].columns.get(row["column_name"], "")
    if row[column] is None or not is_number(of):
        return says(text, row[column], False)
    return number_in(text) == Decimal(row[column])


def test_every_kind_of_page_is_made(pages: dict[str, Path]) -> None:
    assert set(pages) == set(KINDS)


def test_every_figure_shown_is_the_marts(site: Path, published: Published) -> None:
    rows: dict[str, dict[str, Row]] = {
        name: {mart.key_of(row): row for row in published.rows(name)} for name, mart in published.marts.items()
    }
    keys = {name: mart.key for name, mart in published.marts.items()}
    wrong, numbers, columns = [], 0, set()
    for path, tree in trees(site):
        for each in shown(tree, keys):
            row = rows[each.mart].get(each.key)
            if row is None:
                # A line without a row in a column that goes across.
                assert (each.text, each.cell) == ("not reported", ""), (path, each)
                continue
            value, numeric = row[each.column], is_number(published.marts[each.mart].columns[each.column])
            if each.column == "key":
                continue
            told = each.column in ("old_value", "new_value")
            if not (tells(each.text, row, each.column, published) if told else says(each.text, value, numeric)):
                wrong.append((path.relative_to(site), each, value))
            if each.cell:
                assert each.cell.rpartition("!")[2] in row["cells"], (path, each)
            numbers += numeric and value is not None
            columns.add((each.mart, each.column))
    assert wrong == []
    assert numbers > 2000
    declared = {
        (block["mart"], column)
        for page in contents()["quarter"].values()
        for block in page["blocks"]
        for column in (*block.get("columns", ()), *block.get("pivot", ())[1:])
    }
    filled = {
        (mart, column) for mart, column in declared if any(row[column] is not None for row in published.rows(mart))
    }
    assert filled - columns == set()


def test_every_number_in_a_table_says_which_it_is(site: Path) -> None:
    for path, tree in trees(site):
        if path.name in ("operations.html", "about.html"):
            continue
        for cell in tree.xpath("//td[contains(concat(' ', @class, ' '), ' n ') or contains(@class, '--numeric')]"):
            head = cell.xpath("ancestor::table[1]/thead/tr/th")[len(cell.xpath("./preceding-sibling::*"))]
            told = cell.get("data-column") or head.get("data-column") or head.get("data-across")
            assert told or text_of(cell) == "not reported", (path, text_of(cell))


def test_a_page_of_projects_shows_every_project_and_its_cells(site: Path, published: Published) -> None:
    tree = html.fromstring((site / "nottinghamshire" / "2018-19-q2" / "projects.html").read_text())
    keys = {name: mart.key for name, mart in published.marts.items()}
    found = [each for each in shown(tree, keys) if each.mart == "project_status" and each.cell]
    cells = {(json.loads(each.key)[-1], each.column): each.cell for each in found}
    rows = [row for row in published.rows("project_status") if row["quarter"] == "2018-19 Q2"]
    block = contents()["quarter"]["projects"]["blocks"][0]
    expected = {
        (row["project"], column): address
        for row in rows
        for column, address in json.loads(row["cells"]).items()
        if column in (*block["columns"], block["heading"])
    }
    assert cells == expected
    assert len(rows) == 70


def test_counts_are_of_the_rows_of_the_marts(site: Path, published: Published) -> None:
    found = 0
    for path, tree in trees(site):
        for each in counted(tree):
            wanted = {"organisation_code": each.organisation_code, "quarter": each.quarter} | each.only
            rows = published.rows(each.mart)
            fitting = [row for row in rows if all(row[name] == value for name, value in wanted.items())]
            assert number_in(each.text) == len(fitting), (path, each)
            found += 1
    assert found


def test_findings_of_replaced_returns_are_not_open(site: Path, published: Published) -> None:
    keys = {name: mart.key for name, mart in published.marts.items()}
    mart = published.marts["data_quality_findings"]
    listed = {each.key for _, tree in trees(site) for each in shown(tree, keys) if each.mart == mart.name}
    rows = published.rows(mart.name)
    assert any(row["superseded"] for row in rows)
    assert listed <= {mart.key_of(row) for row in rows if not row["superseded"]}
    page = html.fromstring((site / "operations.html").read_text())
    counts = page.xpath("//table[contains(caption, 'What the rules found')]/tbody/tr/td[3]")
    assert sum(number_in(text_of(cell)) for cell in counts) == sum(not row["superseded"] for row in rows)


def test_the_dictionary_and_the_contract_of_the_data_are_linked(site: Path) -> None:
    page = html.fromstring((site / "about.html").read_text())
    assert {"../data_dictionary.csv", "../marts.odcs.yaml"} <= set(page.xpath("//@href"))


def test_a_quarter_is_said_in_months(site: Path) -> None:
    page = html.fromstring((site / "southampton" / "2014-15-q4" / "update.html").read_text())
    (standing,) = page.xpath("//p[contains(@class, 'app-standing')]")
    assert "January to March 2015." in text_of(standing)


def test_every_table_and_column_of_the_version_is_explained(site: Path, published: Published) -> None:
    page = html.fromstring((site / "about.html").read_text())
    told = {
        row.xpath("./td[@data-rows]/@data-rows")[0]: text_of(row.xpath("./td")[0]) for row in page.xpath("//tr[td]")
    }
    assert told.keys() == published.marts.keys() and all(told.values())
    explained = [text_of(name) for name in page.xpath("//dl[@class='app-definitions']/dt")]
    assert sorted(explained) == sorted(column for mart in published.marts.values() for column in mart.columns)


def test_a_risk_without_a_rating_stands_last(published: Published) -> None:
    risks = [row for row in published.rows("risks") if row["initial_rating"] and row["residual_rating"]][:3]
    rows = [*risks, risks[0] | {"risk": "A new one", "initial_rating": None, "residual_rating": None}]
    (matrix,) = [
        block
        for block in blocks(published, contents()["quarter"]["risks"], {"risks": rows}, lambda row: None)
        if block.kind == "matrix"
    ]
    assert isinstance(matrix, Items)
    assert matrix.across[-1] == matrix.down[-1][0] == "Not rated"
    assert [cell.text for _, cell in matrix.down[-1][1][-1]] == ["A new one"]
    assert "None" not in matrix.across


def test_what_a_restatement_changed_is_told_with_both_values(site: Path) -> None:
    tree = html.fromstring((site / "nottinghamshire" / "2018-19-q2" / "changes.html").read_text())
    told = {tuple(text_of(cell) for cell in row) for row in tree.xpath("//tr[@data-key]")}
    changed = ("Adult Social Care & Health, Targeted Reviews (C07)", "Project status", "Status", "On Target", "At Risk")
    assert any(row[:5] == changed and row[5] == "Revision" for row in told), told


def test_what_a_version_changed_is_on_one_page(site: Path, published: Published) -> None:
    keys = {name: mart.key for name, mart in published.marts.items()}
    mart = published.marts["figure_changes"]
    rows = [row for row in published.rows(mart.name) if row["publication"] == published.version]
    tree = html.fromstring((site / "changes.html").read_text())
    assert {each.key for each in shown(tree, keys)} == {mart.key_of(row) for row in rows} != set()
    assert tree.xpath("//tbody//a/@href")[0] == "nottinghamshire/2018-19-q2/changes.html"
    assert html.fromstring((site / "index.html").read_text()).xpath("//a[@href='changes.html']")


def test_a_held_quarter_says_so_and_shows_what_was_published(site: Path) -> None:
    capital = html.fromstring((site / "nottinghamshire" / "2018-19-q3" / "capital.html").read_text())
    assert "A newer return is held" in text_of(capital)
    assert "£3,609,000" in text_of(capital)
    held = html.fromstring((site / "operations.html").read_text())
    assert "Nottinghamshire County Council, 2018-19 Q3" in text_of(held)


def test_operators_see_what_the_last_runs_came_to(site: Path) -> None:
    page = html.fromstring((site / "operations.html").read_text())
    (table,) = page.xpath("//table[contains(caption, 'Run history')]")
    runs = [[text_of(cell) for cell in row.xpath("./th | ./td")] for row in table.xpath(".//tbody/tr")]
    assert {stage for _, stage, *_ in runs} >= {"Load", "Build", "Audit"}
    assert any(stage == "Load" and re.search(r"\d+ accepted", came_to) for _, stage, _, came_to in runs)


def test_what_is_worst_comes_first(site: Path) -> None:
    worst = ["Error", "Warning", "Info"]
    findings = html.fromstring((site / "nottinghamshire" / "2018-19-q2" / "findings.html").read_text())
    operators = html.fromstring((site / "operations.html").read_text())
    for cells in (
        findings.xpath("//table[contains(caption, 'Findings')]/tbody/tr/td[1]"),
        operators.xpath("//table[contains(caption, 'What the rules found')]/tbody/tr/td[2]"),
    ):
        told = [text_of(cell) for cell in cells]
        assert len(set(told)) > 1
        assert told == sorted(told, key=worst.index)


def test_what_is_printed_is_not_said_to_be_worked_out(site: Path) -> None:
    page = html.fromstring((site / "nottinghamshire" / "2018-19-q2" / "projects.html").read_text())
    (told, *_) = page.xpath("//details[contains(., 'How these figures are worked out')]")
    assert [text_of(term) for term in told.xpath(".//dt")] == ["Rating", "Movement"]


def test_a_damaged_earlier_version_is_listed_and_keeps_none_from_being_published(version: Path, tmp_path: Path) -> None:
    for name in ("marts.duckdb", "manifest.json"):
        (tmp_path / version.name).mkdir(exist_ok=True)
        (tmp_path / version.name / name).symlink_to(version / name)
    (tmp_path / "v00001").mkdir()
    (tmp_path / "v00001" / "manifest.json").write_text("{")
    with Published(tmp_path / version.name) as beside_a_damaged_one:
        (listed,) = [each for each in operations(beside_a_damaged_one) if each.title == "Last publications"]
        assert beside_a_damaged_one.edition(("E10000025", "2019-20 Q1"))[0] == version.name
    assert isinstance(listed, Table)
    assert [[cell.text for cell in (line.heading, *line.cells)][::2] for line in listed.lines] == [
        [version.name, beside_a_damaged_one.manifest["reason"]],
        ["v00001", "Its manifest cannot be read."],
    ]


def test_every_link_leads_to_a_file_of_the_version(site: Path, version: Path) -> None:
    broken = []
    for path, tree in trees(site):
        for address in tree.xpath("//@href | //@src"):
            file, _, anchor = address.partition("#")
            if address.startswith("data:,"):
                continue
            target = (path.parent / unquote(file)).resolve() if file else path
            there = target.is_file() and version in target.parents
            if not there or (anchor and not file and not tree.xpath(f"//*[@id='{anchor}']")):
                broken.append((path.relative_to(site), address))
    assert broken == []


def test_the_first_page_is_small(site: Path) -> None:
    assets = [path for path in (site / "assets").iterdir() if path.suffix in (".css", ".js")]
    assert sum(file.stat().st_size for file in (site / "index.html", *assets)) < 200_000


def test_a_folder_with_something_in_it_is_refused(version: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("keep")
    with pytest.raises(FileExistsError, match="is not empty"):
        build_site(version, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_headings_have_words_of_their_own() -> None:
    assert label("at_risk_gbp") == "At risk"
