"""What differs between two states of a mart, where a word may stand in place of a figure."""

import duckdb
import pytest

from publication.compare import values_changed

COLUMNS = {"area": "VARCHAR", "value": "DECIMAL(18,4)", "value_token": "VARCHAR"}
PLAIN = {"area": "VARCHAR", "value": "DECIMAL(18,4)"}


def changed(old, new, old_columns=COLUMNS, new_columns=COLUMNS):
    with duckdb.connect() as connection:
        for name, rows, columns in (("before", old, old_columns), ("after", new, new_columns)):
            connection.execute(f"create table {name} ({', '.join(f'{each} {kind}' for each, kind in columns.items())})")
            connection.executemany(f"insert into {name} values ({', '.join('?' * len(columns))})", rows)
        query = values_changed("before", "after", ["area"], old_columns, new_columns, ["value"])
        return connection.execute(f"select key.area, old_value, new_value from ({query})").fetchall()


@pytest.mark.parametrize(
    ("old", "new", "shown"),
    [
        ((0, None), (None, "low"), ("0.0000", "[low]")),
        ((None, "not_applicable"), (100, None), ("[not_applicable]", "100.0000")),
        ((None, "suppressed"), (None, "unreliable"), ("[suppressed]", "[unreliable]")),
        ((None, None), (None, "suppressed"), (None, "[suppressed]")),
        ((1, None), (2, None), ("1.0000", "2.0000")),
    ],
)
def test_a_word_in_place_of_a_figure_is_shown_and_its_change_is_a_change(old, new, shown):
    assert changed([("A", *old)], [("A", *new)]) == [("A", *shown)]


@pytest.mark.parametrize("cell", [(1, None), (None, "suppressed"), (None, None)])
def test_what_stays_is_no_change(cell):
    assert changed([("A", *cell)], [("A", *cell)]) == []


def test_tokens_that_only_the_newer_state_has_change_no_figure_by_themselves():
    assert changed([("A", 1)], [("A", 1, None)], PLAIN) == []
    assert changed([("A", 1)], [("A", None, "low")], PLAIN) == [("A", "1.0000", "[low]")]
