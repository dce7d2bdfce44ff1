"""A project's own page: what every quarter says of it, and the cell behind each figure."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from hashlib import sha256
from html import escape
from typing import Any

from markupsafe import Markup

from pages.blocks import addresses, blocks, contents
from pages.figures import is_number, label, shown, slug, unit_of
from pages.published import Published, Row
from pages.tables import Block, quoted

Projects = dict[str, dict[str, list[Row]]]
"""By the project's part of an address: rows by mart."""

# Which column of a mart names the project, the most telling first.
_NAMED_BY = {
    "project_status": ("project",),
    "project_delivery": ("project",),
    "project_remarks": ("listed_project", "project"),
    "milestones": ("project",),
    "savings_profile": ("component",),
}
_MAKE_A_PAGE = ("project_status", "project_delivery")


def project_slug(name: str) -> str:
    """A project's part of an address; names that only differ in their tail stay apart.

    >>> project_slug("Targeted Reviews (C07)")
    'targeted-reviews-c07'
    """
    short = slug(name)
    return short if len(short) < 55 else f"{short[:50]}-{sha256(name.lower().encode()).hexdigest()[:6]}"


def gather(partitions: Iterable[dict[str, list[Row]]]) -> Projects:
    """Rows about each project, over the quarters of one organisation in their order."""
    found: Projects = defaultdict(lambda: defaultdict(list))
    for data in partitions:
        for mart, columns in _NAMED_BY.items():
            for row in data.get(mart, []):
                name = next((row[column] for column in columns if row[column]), None)
                if name and (mart != "savings_profile" or row["component_type"] == "project"):
                    found[project_slug(name)][mart].append(row)
    return {each: rows for each, rows in found.items() if any(mart in rows for mart in _MAKE_A_PAGE)}


def project_name(rows: dict[str, list[Row]]) -> str:
    """The project's newest name."""
    return str(next(rows[mart] for mart in _MAKE_A_PAGE if rows.get(mart))[-1]["project"])


def project_page(published: Published, rows: dict[str, list[Row]]) -> dict[str, Any]:
    """What the template of a project's page needs."""
    spec = contents()["project"]
    made: list[Block] = blocks(published, spec, rows, lambda row: None)
    figures = "\n".join(
        figure for mart in spec["traced"] for row in rows.get(mart, []) for figure in _traced(published, mart, row)
    )
    return {"title": project_name(rows), "blocks": made, "figures": Markup(figures)}


def _traced(published: Published, name: str, row: Row) -> Iterator[str]:
    """Every figure and status of a row that is not blank, as a row of a table, with its cell or how it came about."""
    mart = published.marts[name]
    cells = addresses(row["cells"] or "{}")
    key = quoted(mart.key_of(row))
    file = escape(published.file_names.get(row["submission_id"]) or str(row["submission_id"]))
    for column, kind in mart.columns.items():
        how = published.how.get((name, column), "")
        if column in mart.key or row[column] is None or not (is_number(kind) or column in cells or how):
            continue
        address = cells.get(column, "")
        sheet, _, cell = address.rpartition("!")
        where = f'<td class="w">{escape(how)}<td><td>'
        if cell:
            sheet = sheet.strip("'") or str(row["sheet"])
            where = f"<td>{file}<td>{escape(sheet)}<td>{cell}"
        text = escape(shown(row[column], column, unit_of(column, row)))
        sort = f' data-sort="{row[column].isoformat()}"' if hasattr(row[column], "isoformat") else ""
        yield (
            f"<tr data-mart='{name}' data-key='{key}'><th scope='row'>{escape(_named(name, column, row))}"
            f"<td>{row['quarter']}<td data-column='{column}'{sort}>{text}{where}"
        )


def _named(mart: str, column: str, row: Row) -> str:
    if mart == "savings_profile":
        return f"{shown(row['measure'], 'measure')}, {row['savings_year']}"
    return label(column)
