"""A drafted layout: of the schema, and it reads the file that it was drafted from."""

import pytest

from loaders.cells import Sheet, UnreadableFileError, Workbook
from loaders.extract import extract
from loaders.formats import read_workbook
from loaders.infer import infer, infer_file
from loaders.layout import Layout, LoadedLayout
from loaders.read import read_file
from quarterdeck.organisations import Place
from quarterdeck.periods import Month
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


def figures_of_a_draft(settings, feed, *rows):
    """What a draft of a sheet of these rows reads from it: figures in their units, by label and name; and the rules."""
    workbook = Workbook([Sheet("S", [list(row) for row in rows])])
    layout = Layout(**infer(workbook, "x", "X", "E06000045", feed))
    result = extract(layout, workbook.sheets, Month(2018, 9), settings)
    said = {}
    for record, found in result.rows.items():
        for row in found:
            for name in ("value", "target", "at_risk"):
                if row.get(name) is not None:
                    which = (row.get("figure") or name, row.get("period")) if record == "figure" else (name,)
                    said[row.get("item") or row.get("project"), *filter(None, which)] = row[name] * row[f"{name}_scale"]
    return said, [found.rule for found in result.findings]


def test_a_draft_leaves_no_column_of_figures_out(settings):
    heading = ["Project", "Status", "Target £000", "Spend £000", "July", "August"]
    said, _ = figures_of_a_draft(settings, "highlight_report", heading, ["Roads", "Green", 5.0, 7.0, 1.0, 2.0])
    assert said == {
        ("Roads", "target"): 5_000,
        ("Roads", "spend"): 7_000,
        ("Roads", "value", "2018-07"): 1,
        ("Roads", "value", "2018-08"): 2,
    }


def test_where_a_heading_names_a_unit_words_stand_in_place_of_figures(settings):
    rows = [["A", 10.0], ["B", "n/a"], ["C", "[c]"], ["D", "tbc"]]
    said, rules = figures_of_a_draft(settings, "highlight_report", ["Project", "Saving £000"], *rows)
    assert said == {("A", "saving"): 10_000}
    assert rules == ["number-invalid"] * 3


def test_a_file_that_takes_too_long_to_look_through_is_refused(tmp_path, monkeypatch):
    def without_end(*_):
        while True:
            pass

    monkeypatch.setattr("loaders.apart.SECONDS", 0.2)
    monkeypatch.setattr("loaders.infer.infer", without_end)
    path = build(tmp_path / "projects", BASES["projects"], {})
    with pytest.raises(UnreadableFileError, match="takes more than"):
        infer_file(path, "x", "X", "E06000045", "highlight_report")
