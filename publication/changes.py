"""`figure_changes`: every published figure that a later version changed, with both values and the reason.

The table travels with the versions: each one adds what it changed itself to what its predecessor held. A figure that is
withheld shows the word that stands in its place: `[suppressed]`.
Reasons: `late`, a figure that was blank until a new submission brought it; `revision`, another value from a new
submission; `correction`, another value from the same submissions (their reading or calculation was mended, or a
version was rolled back).
"""

from collections.abc import Mapping

import duckdb

from publication.compare import values_changed
from publication.contract import PARTITION, PARTITION_KEY
from publication.manifest import MartContent
from publication.sql import comma_separated, is_numeric, literal, quoted

TABLE = "figure_changes"
KEY = ("publication", "mart", "organisation_code", "quarter", "key", "column_name")
_COLUMNS = (*KEY, "old_value", "new_value", "reason")

DESCRIPTION = (
    "One row per publication, mart, key and column: a published figure or status that a later publication changed."
)
DESCRIPTIONS = {
    "publication": "The version that changed it.",
    "mart": "The mart that it stands in.",
    "organisation_code": "The organisation's code.",
    "quarter": "The fiscal quarter.",
    "key": "Its row: JSON of the mart's key without organisation and quarter.",
    "column_name": "Its column.",
    "old_value": "What the version before showed; a word in square brackets stood in place of a figure.",
    "new_value": "What this version shows.",
    "reason": "late (blank until a new submission brought it), revision (a new submission brought another value) or "
    "correction (the same submissions give another value).",
}

# A status counts as a figure: columns with one of these words in their name. Some numbers only describe others.
_STATUS_WORDS = {"status", "rag", "rating", "trend", "movement", "verdict"}
_NOT_FIGURES = {"data_status", "source_row", "rolls_up_to_row", "block", "sequence"}
_NOT_FIGURES_END_WITH = ("_decimals", "_scale")


def create(
    connection: duckdb.DuckDBPyConnection,
    version: str,
    marts: Mapping[str, MartContent],
    previous: Mapping[str, MartContent],
    compared: Mapping[tuple[str, str], bool],
) -> None:
    """Write table `figure_changes` of a version under composition, after its other marts.

    `compared` are the partitions (organisation_code, quarter) that were published before and may have changed, and
    whether new submissions are behind that. Marts without a key, or with another key than in the previous version,
    cannot be compared. Needs the last version attached as `previous`, unless `previous` is empty.
    """
    connection.execute("create temp table compared (organisation_code text, quarter text, resubmitted boolean)")
    if compared:
        connection.executemany("insert into compared values (?, ?, ?)", [(*key, new) for key, new in compared.items()])
    parts = [f"select {comma_separated(_COLUMNS)} from previous.main.{TABLE}"] if TABLE in previous else []
    for name, mart in marts.items():
        earlier = previous.get(name)
        if mart.publish == PARTITION and mart.key and earlier and earlier.key == mart.key:
            figures = [column for column in mart.columns if _is_figure(column, mart, earlier)]
            parts += [_changes(version, name, mart, earlier, figures)] if figures else []
    none = f"select {', '.join(f'null::text as {column}' for column in _COLUMNS)} where false"
    connection.execute(
        f"create table marts.main.{TABLE} as select * from ({' union all '.join([none, *parts])}) order by all"
    )


def _changes(version: str, name: str, mart: MartContent, earlier: MartContent, figures: list[str]) -> str:
    """SQL of one mart's changes, in the columns of `figure_changes`."""
    relation = f"main.{quoted(name)} semi join compared using (organisation_code, quarter)"
    changed = values_changed(
        f"previous.{relation}", f"marts.{relation}", mart.key, earlier.columns, mart.columns, figures, PARTITION_KEY
    )
    key = ", ".join(
        f"{literal(column)}, cast(key.{quoted(column)} as varchar)"
        for column in mart.key
        if column not in PARTITION_KEY
    )
    return f"""
        select {literal(version)}, {literal(name)}, organisation_code, quarter, cast(json_object({key}) as varchar),
            column_name, old_value, new_value,
            case when not resubmitted then 'correction' when old_value is null then 'late' else 'revision' end
        from ({changed}) inner join compared using (organisation_code, quarter)
    """


def _is_figure(column: str, mart: MartContent, earlier: MartContent) -> bool:
    """True for a column whose change readers must be told of: a number or a status, in both versions, not a mark."""
    if column in mart.key or column not in earlier.columns:
        return False
    if column in _NOT_FIGURES or column.endswith(_NOT_FIGURES_END_WITH):
        return False
    return is_numeric(mart.columns[column]) or not _STATUS_WORDS.isdisjoint(column.split("_"))
