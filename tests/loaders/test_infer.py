"""A drafted layout: of the schema, and it reads the file that it was drafted from."""

import pytest

from loaders.cells import Sheet, Workbook
from loaders.formats import read_workbook
from loaders.infer import infer
from loaders.layout import Layout, LoadedLayout
from loaders.read import read_file
from quarterdeck.organisations import Place
from quarterdeck.settings import PROJECT_ROOT
from tests.loaders.test_library import BASES
from tests.loaders.workbooks import build

SENT = sorted((PROJECT_ROOT / "samples").glob("*/*/????-??/*"))


@pytest.mark.parametrize("path", SENT, ids=lambda path: path.stem)
def test_a_draft_of_any_sample_is_a_layout(path):
    feed = path.parts[-3]
    draft = infer(read_workbook(path, path.suffix), "draft", path.stem, "E07999999", feed)
    assert Layout(**draft).tables


@pytest.mark.parametrize(
    ("base", "records"),
    [("projects", {"project_status": 6}), ("agency", {"agency": 9}), ("savings", {"savings": 9})],
)
def test_a_draft_reads_the_file_that_it_was_drafted_from(settings, tmp_path, base, records):
    path = build(tmp_path / base, BASES[base], {})
    feed, period = BASES[base]["submitted_as"].split("/")[1:]
    draft = Layout(**infer(read_workbook(path, path.suffix), "draft", "Draft", "E06000045", feed))
    loaded = LoadedLayout(layout=draft, sha256="")
    _, result = read_file(settings, path, path.name, Place("E06000045", feed, period), loaded)
    assert [(found.rule, found.cell) for found in result.findings] == []
    assert {record: len(rows) for record, rows in result.rows.items()} == records


def test_titles_totals_units_and_keys_are_read_off_the_sheet(tmp_path):
    path = build(tmp_path / "projects", BASES["projects"], {})
    draft = infer(read_workbook(path, path.suffix), "draft", "Draft", "E06000045", "highlight_report")
    assert draft["states"] == ["Project report as at {period}"]
    (table,) = draft["tables"]
    assert table["heading"]["at"] == ["A3"]
    assert table["columns"]["target"]["unit"] == "gbp_thousand"
    assert table["columns"]["target"]["decimals"] == 1
    assert {total["label"] for total in table["totals"]} >= {"Place Totals", "People Totals"}


def test_braces_in_a_heading_are_no_part_to_keep():
    sheet = Sheet("S", [["Name", "Spend {0} £"], ["Roads", 1.0], ["Parks", 2.0]])
    draft = infer(Workbook([sheet]), "x", "X", "E06000045", "budget_monitoring")
    assert draft["tables"][0]["columns"]["spend_gbp"]["header"] == "Spend * £"
    assert Layout(**draft)
