import copy

import pytest
import yaml
from pydantic import ValidationError

from loaders.cells import Sheet
from loaders.layout import Layout, load_layouts, recognise
from loaders.layout_schema import SCHEMA_FILE, schema_text
from loaders.read import read_file
from quarterdeck.organisations import FEEDS, Place, organisation_codes
from quarterdeck.periods import Month

MONTH = Month.parse("2018-09")

VALID = {
    "layout": "l",
    "title": "t",
    "organisation": "X",
    "feed": "hr_metrics",
    "return_id": "r",
    "recognised_by": ["Mark"],
    "tables": [
        {
            "table": "t",
            "sheet": "S",
            "columns": {"value": {"header": "V", "unit": "count"}},
            "records": [{"record": "tally", "values": ["value"]}],
        }
    ],
}


def changed(path, value):
    layout = copy.deepcopy(VALID)
    part = layout
    for step in path[:-1]:
        part = part[step]
    part[path[-1]] = value
    return layout


def test_every_layout_belongs_to_a_known_organisation_and_feed(settings):
    layouts = [found.layout for found in load_layouts(settings.layouts)]
    assert layouts
    assert {layout.organisation for layout in layouts} <= {"*", *organisation_codes(settings.seeds).values()}
    assert {layout.feed for layout in layouts} <= {feed.name for feed in FEEDS}


@pytest.mark.parametrize(
    ("path", "value", "says"),
    [
        (["tables", 0, "records", 0, "record"], "nonsense", "no record type 'nonsense'"),
        (["tables", 0, "columns", "value", "header"], "Spend {2018}", "'Spend {2018}' names a part that is no name"),
        (["tables", 0, "columns", "value", "split"], "(", "no regular expression"),
        (["tables", 0, "title"], "{scheme} of {scheme}", "one part twice"),
        (["states"], ["{0}"], "names a part that is no name"),
        (["tables", 0, "records", 0, "set"], {"colour": "red"}, "has no ['colour']"),
        (["tables", 0, "records", 0, "values"], ["amount"], "columns that are not there"),
        (["tables", 0, "columns", "spare"], {"header": "Spare", "unit": "count"}, "has the figures of ['spare']"),
        (["tables", 0, "columns", "value", "unit"], "furlong", "units.yml has no ['furlong']"),
        (["tables", 0, "columns", "value", "colour"], "red", "Extra inputs are not permitted"),
        (["recognised_by"], [], "at least 1 item"),
        (["valid_from"], "April 2018", "is not a month"),
        (
            ["tables", 0, "totals"],
            [{"column": "measure", "label": "Total", "each": "portfolio"}],
            "no column and no band",
        ),
    ],
)
def test_a_layout_with_a_slip_says_where_it_is(path, value, says):
    with pytest.raises(ValidationError) as refused:
        Layout(**changed(path, value))
    assert says in str(refused.value)


def test_a_file_is_recognised_by_what_is_in_it(settings, tmp_path):
    folder = tmp_path / "layouts"
    folder.mkdir()
    for name, mark in [("one", "Mark"), ("two", "Other mark")]:
        (folder / f"{name}.yml").write_text(yaml.safe_dump(VALID | {"layout": name, "recognised_by": [mark, "Both"]}))
    apart = settings.model_copy(update={"layouts": folder})
    sheets = [Sheet("S", [["", "other  MARK"], ["both"]])]
    assert recognise(apart, "X", "hr_metrics", MONTH, sheets).layout.layout == "two"
    assert recognise(apart, "X", "hr_metrics", MONTH, [Sheet("S", [["nothing"]])]) is None
    assert recognise(apart, "Y", "hr_metrics", MONTH, sheets) is None


@pytest.mark.parametrize(
    ("month", "layout"),
    [("2018-03", None), ("2018-04", "old"), ("2019-03", "old"), ("2019-04", "new"), ("2024-01", "new")],
)
def test_a_template_that_changed_has_a_layout_for_the_months_of_each(settings, tmp_path, month, layout):
    versions = {"old": {"valid_from": "2018-04", "valid_to": "2019-03"}, "new": {"valid_from": "2019-04"}}
    for name, months in versions.items():
        (tmp_path / f"{name}.yml").write_text(yaml.safe_dump(VALID | {"layout": name} | months))
    apart = settings.model_copy(update={"layouts": tmp_path})
    sheets = [Sheet("S", [VALID["recognised_by"]])]
    found = recognise(apart, "X", "hr_metrics", Month.parse(month), sheets)
    assert (found.layout.layout if found else None) == layout


def test_of_two_templates_that_are_valid_the_newer_one_counts(settings, tmp_path):
    for name, months in {"a": {}, "b": {"valid_from": "2019-04"}, "c": {"valid_from": "2018-04"}}.items():
        (tmp_path / f"{name}.yml").write_text(yaml.safe_dump(VALID | {"layout": name} | months))
    apart = settings.model_copy(update={"layouts": tmp_path})
    sheets = [Sheet("S", [VALID["recognised_by"]])]
    found = [
        recognise(apart, "X", "hr_metrics", Month.parse(month), sheets) for month in ("2018-03", "2019-03", "2019-04")
    ]
    assert [each.layout.layout for each in found] == ["a", "c", "b"]


def test_a_file_of_another_month_s_template_is_said_to_be_so(settings, tmp_path):
    (tmp_path / "layouts").mkdir()
    versions = {"valid_from": "2018-04", "valid_to": "2019-03"}
    (tmp_path / "layouts" / "old.yml").write_text(yaml.safe_dump(VALID | versions))
    apart = settings.model_copy(update={"layouts": tmp_path / "layouts"})
    path = tmp_path / "sent.csv"
    path.write_text(",".join(VALID["recognised_by"]) + "\n")
    _, result = read_file(apart, path, path.name, Place("X", "hr_metrics", "2019-04"))
    (found,) = result.findings
    assert found.rule == "layout-unknown"
    assert "for returns from 2018-04 to 2019-03; it was sent for 2019-04" in found.message


def test_the_published_schema_is_that_of_the_layouts():
    assert SCHEMA_FILE.read_text(encoding="utf-8") == schema_text()
