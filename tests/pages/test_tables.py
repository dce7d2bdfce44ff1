"""The markup of a table leads back to rows and cells."""

from lxml import html

from pages.tables import Cell, Column, Line, Table
from tests.pages.reading import shown


def test_a_bar_in_the_name_of_a_sheet_shifts_no_address() -> None:
    heading, figure = Cell("project", "Fleet", source="North|South!A5"), Cell("target_gbp", "£1", True, source="C5")
    table = Table(
        "t", "m", "Projects", Column("project", "Project"), [Column("target_gbp", "Target", True)],
        [Line('["Fleet"]', heading, [figure])],
    )  # fmt: skip
    heads = f"<th{table.head.attributes}>Project" + "".join(f"<th{column.attributes}>" for column in table.columns)
    tree = html.fromstring(f"<table{table.attributes}><thead><tr>{heads}<tbody>{table.body}</table>")
    found = {each.column: each.cell for each in shown(tree, {"m": ["project"]})}
    assert found == {"project": "North|South!A5", "target_gbp": "C5"}
