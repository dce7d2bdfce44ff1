"""Rows on their way from the process that reads to the one that loads: what goes in comes out."""

import tempfile
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from loaders.columns import Chunk, Rows
from loaders.load import _copy_rows
from loaders.read import _BatchFiles
from quarterdeck.settings import Settings
from quarterdeck.warehouse import connect, prepare

RECEIPT, PERIOD = "20180930T090000000000-0123456789ab", "2018-09"
FEW = st.sampled_from([None, "Housing", 'A "quoted" line', "Straße", "-"])
TEXTS = FEW | st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)
FIGURES = st.none() | st.decimals(-(10**9), 10**9, places=3)


@pytest.fixture(scope="module")
def build_file(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    made = Settings(home=tmp_path_factory.mktemp("home"))
    prepare(made)
    return made


def arrived(build_file: Settings, rows: Rows) -> list[tuple[Any, ...]]:
    """What is in the raw table when these rows have been written and loaded."""
    identity = {"submission_id": RECEIPT, "organisation_code": "E1", "reporting_period": PERIOD}
    submission = SimpleNamespace(
        receipt=SimpleNamespace(receipt_id=RECEIPT), reporting_period=PERIOD, submission_id="E1.1"
    )
    with tempfile.TemporaryDirectory() as folder, connect(build_file) as connection:
        with _BatchFiles(Path(folder)) as files:
            files.add("budget_line", rows, identity)
        connection.begin()
        _copy_rows(connection, [Path(folder)], [submission])
        found = connection.execute(
            "select source_row, line, section, value from raw.budget_line order by source_row"
        ).fetchall()
        connection.rollback()
    return found


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data(), st.sampled_from([1, 7, 49, 50, 51, 120]))
def test_every_row_arrives_as_it_was_read(build_file: Settings, data: st.DataObject, count: int) -> None:
    lines, sections, values = (
        data.draw(st.lists(each, min_size=count, max_size=count)) for each in (TEXTS, FEW, FIGURES)
    )
    each = {"source_row": list(range(count)), "line": lines, "section": sections, "value": values}
    rows = Rows([Chunk(count, {"table_name": "t", "sheet": "s"}, each)])
    assert arrived(build_file, rows) == list(zip(range(count), lines, sections, values, strict=True))


def test_more_rows_than_a_line_holds_arrive_in_their_places(build_file: Settings) -> None:
    count = 2_345
    lines = [f"Line {number % 7}" for number in range(count)]
    each = {"source_row": list(range(count)), "line": lines, "value": [Decimal(number) for number in range(count)]}
    found = arrived(build_file, Rows([Chunk(count, {}, each)]))
    assert [(row, line, value) for row, line, _, value in found] == [
        (number, lines[number], Decimal(number)) for number in range(count)
    ]
