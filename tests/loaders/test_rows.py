from decimal import Decimal

from loaders.cells import Sheet
from loaders.rows import Figures, Kind, Number, TableRows, Text, Words, first_text

POUNDS = Kind("gbp", 1, 0)


def three_rows() -> TableRows:
    rows = TableRows([4, 5, 7], block=2)
    rows.put("line", Words(["Housing", None, "Roads"], ["A", None, "A"]))
    rows.figures["value"] = [
        Figures([Decimal(1), None, Decimal(3)], ["B", "B", "B"], [POUNDS, None, POUNDS]),
        Figures([None, Decimal(5), None], ["C", "C", "C"], [None, POUNDS, POUNDS._replace(token="c")], [None, 2, None]),
    ]
    return rows


def test_rows_are_numbered_as_on_the_sheet() -> None:
    rows = three_rows()
    assert (rows.number_of, rows.blocks, rows.types) == ([5, 6, 8], [2, 2, 2], ["detail"] * 3)


def test_a_row_says_what_stands_at_its_place_in_every_column() -> None:
    rows = three_rows()
    assert [rows.text("line", row) for row in range(3)] == [Text("Housing", "A"), None, Text("Roads", "A")]
    assert rows.text("section", 0) is None
    assert [[figure for _, figure in rows.figures_of(row)] for row in range(3)] == [
        [Number(Decimal(1), "B", POUNDS)],
        [Number(Decimal(5), "C", POUNDS, 2)],
        [Number(Decimal(3), "B", POUNDS), Number(None, "C", POUNDS._replace(token="c"))],
    ]


def test_words_stand_over_those_that_were_there_and_leave_them_where_they_are_blank() -> None:
    rows = TableRows([0, 1])
    rows.put_all([{"section": Text("Income", "A1")}, {"section": Text("Spending", "A9"), "year": Text("2018", "C1")}])
    rows.put("section", Words([None, "Other"], [None, "B"]))
    rows.put("note", Words([None, None], [None, None]))
    assert [rows.text("section", row) for row in range(2)] == [Text("Income", "A1"), Text("Other", "B")]
    assert rows.said("year") == [None, "2018"]
    assert "note" not in rows.texts


def test_some_of_the_rows_keep_all_that_is_said_of_them() -> None:
    some = three_rows().at([2, 1])
    assert (some.number_of, some.said("line")) == ([8, 6], ["Roads", None])
    assert [[figure.part for _, figure in some.figures_of(row)] for row in range(2)] == [[None, None], [2]]


def test_figures_are_of_one_kind_where_every_row_has_one_of_it() -> None:
    first, second = three_rows().figures["value"]
    assert first.kind is None
    assert second.kind is None
    assert first.at([0, 2]).kind == POUNDS
    assert first.at([]).kind is None


def test_what_stands_first_in_a_row_is_its_own() -> None:
    """A word of a band, or of another row, stands elsewhere, be it further left."""
    rows = TableRows([4, 5])
    rows.put("section", Words(["Income", "Income"], ["A4", "A4"]))
    rows.put("line", Words(["Housing", None], ["AB", None]))
    rows.put("note", Words(["Late", None], ["C", None]))
    assert [first_text(Sheet("S", []), rows, row) for row in range(2)] == [Text("Late", "C"), Text("", "A")]
    turned = TableRows([2, 3])
    turned.put("line", Words(["Housing", "Housing"], ["C5", "C5"]))
    turned.put("note", Words(["Late", "Soon"], ["C7", "D7"]))
    assert [first_text(Sheet("S", [], turned=True), turned, row) for row in range(2)] == [
        Text("Housing", "C5"),
        Text("Soon", "D7"),
    ]
