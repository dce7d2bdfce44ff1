import copy

import pytest
import yaml
from pydantic import ValidationError

from loaders.cells import Sheet
from loaders.layout import Layout, load_layouts, recognise
from quarterdeck.organisations import FEEDS, organisation_codes

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
        (["tables", 0, "records", 0, "set"], {"colour": "red"}, "has no ['colour']"),
        (["tables", 0, "records", 0, "values"], ["amount"], "columns that are not there"),
        (["tables", 0, "columns", "value", "unit"], "furlong", "units.yml has no ['furlong']"),
        (["tables", 0, "columns", "value", "colour"], "red", "Extra inputs are not permitted"),
        (["recognised_by"], [], "at least 1 item"),
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
    assert recognise(apart, "X", "hr_metrics", sheets).layout.layout == "two"
    assert recognise(apart, "X", "hr_metrics", [Sheet("S", [["nothing"]])]) is None
    assert recognise(apart, "Y", "hr_metrics", sheets) is None
