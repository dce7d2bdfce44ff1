"""Where a layout's labels are found on a sheet."""

from datetime import datetime

import pytest

from loaders.cells import Sheet
from loaders.patterns import find, match
from loaders.text import LONGEST_REMEMBERED, key, plain

LONG = "Report as at " + "x" * LONGEST_REMEMBERED


@pytest.mark.parametrize(
    ("pattern", "cells"),
    [
        ("Project name", {(0, 1): {}, (2, 0): {}}),
        ("{savings_year} (£000)s", {(1, 0): {"savings_year": "2018/19"}, (1, 2): {"savings_year": "19/20"}}),
        ("{month}", {(2, 1): {"month": "2018-09-01"}}),
        ("2018", {(2, 2): {}}),
        ("Report as at *", {(3, 0): {}, (3, 1): {}}),
        ("", {}),
        ("Nowhere", {}),
    ],
)
def test_a_label_is_found_wherever_and_however_it_stands(pattern, cells):
    sheet = Sheet(
        "Report",
        [
            ["", "Project  NAME "],
            ["2018/19  (£000)S", " ", "19/20\u00a0(£000)s"],
            ["project\nname", datetime(2018, 9, 1), 2018.0],
            ["Report as at 2018", LONG],
        ],
    )
    assert dict(find(pattern, sheet)) == cells


def test_what_is_remembered_of_a_text_is_what_is_worked_out_of_a_longer_one():
    for text in ("  Sub‑total\u00a0for  X ", "  Sub‑total\u00a0for  X " + "y" * LONGEST_REMEMBERED):
        for _ in range(2):
            assert plain(text) == " ".join(text.split())
            assert key(text) == plain(text).replace("‑", "-").casefold()
            assert match("Sub-total for {name}", text) == {"name": plain(text).removeprefix("Sub‑total for ")}


def test_equal_values_of_other_types_are_shown_as_themselves():
    sheet = Sheet("Report", [[1, 1.0, True, "1", " 1 ", 0.5]])
    assert sheet.shown == [["1", "1", "TRUE", "1", "1", "0.5"]]
    assert sheet.cells_saying("1") == [(0, 0), (0, 1), (0, 3), (0, 4)]
    assert sheet.cells_saying("true") == [(0, 2)]
