"""The crosswalk from printed cells to published figures: `crosswalk.yml`, applied."""

import csv
import re
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import yaml

from loaders.text import key

# What the golden tables call things, and what the marts do.
TILES = {
    "1": ("savings_target", "0.000001"),
    "2": ("savings_target_year", "0.000001"),
    "3": ("savings_achieved_percent", "1"),
    "4": ("planned_spend", "0.000001"),
    "5": ("spend_to_date", "0.000001"),
    "6": ("planned_projects", "1"),
    "7": ("completed_projects", "1"),
    "8": ("conference_attendees", "1"),
    "9": ("briefing_page_views", "1"),
    "10": ("intranet_page_views", "1"),
}
AGENCY = {
    "Shifts Filled": "shifts_filled",
    "Shifts Unfilled": "shifts_unfilled",
    "No of Shift Workers used": "shift_workers",
    "No of temp staff assignments filled": "assignments_filled",
}
ESTABLISHMENT = {"Previous establishment (S188)": "previous", "New establishment (s188)": "new"}
STATES = {"planning or preparation": "planning", "Total reported on": "total"}
PRINTED_UNITS = {"GBP m": "0.000001", "GBP k": "0.001"}
SERVICES = {
    "cf_social_care": "C&F (Social Care)",
    "cf_early_years_and_education": "C&F (Early Years and Education)",
    "ipd": "I,P&D",
}


@dataclass(frozen=True)
class Published:
    """Where a printed figure is published: the rows that fit, and the figure in the printed unit."""

    mart: str
    where: tuple[tuple[str, str], ...]
    column: str
    rows: int
    value: Decimal | None


@cache
def entries() -> list[dict[str, Any]]:
    """The crosswalk's entries, in order."""
    return yaml.safe_load(Path(__file__).with_name("crosswalk.yml").read_text())


@cache
def golden_rows(folder: Path, file: str) -> list[dict[str, str]]:
    """A golden table's rows, with the codes the marts use beside the printed words."""
    with (folder / file).open(newline="", encoding="utf-8") as stream:
        return [row | _codes(row) for row in csv.DictReader(stream)]


def _codes(row: dict[str, str]) -> dict[str, str]:
    item = row.get("item", "")
    year = row.get("fiscal_year", "")
    measure = row.get("measure", "").replace(" ", "_")
    state = row.get("milestone_status") or row.get("project_state") or ""
    tile, unit = TILES.get(row.get("tile_no", ""), ("", "1"))
    return {
        "table_code": row.get("table", "").lower().replace(" ", "_"),
        "measure_code": "original_target" if measure == "total_target" else measure,
        "savings_year": "total" if len(year) > 7 else year.replace("/", "-"),
        "metric_code": AGENCY.get(row.get("metric", ""), ""),
        "item_code": ESTABLISHMENT.get(item, re.sub(r"\W+", "_", item.replace(" in posts (FTE)", "")).lower()),
        "state_code": re.sub(r"\W+", "_", STATES.get(state, state)).lower(),
        "metric_words": row.get("metric", "").replace("_", " "),
        "printed_unit": PRINTED_UNITS.get(row.get("unit", ""), "1"),
        "confidence_word": row.get("confidence", "").partition(" ")[0],
        "tile_code": tile,
        "tile_unit": unit,
    }


def published(marts: duckdb.DuckDBPyConnection, folder: Path, cell: dict[str, str]) -> Published | None:
    """The published figure of a printed cell (a row of `golden_cells.csv`); None where the crosswalk has no entry."""
    row = golden_rows(folder, cell["file"])[int(cell["csv_row"]) - 1]
    for entry in entries():
        in_file = re.fullmatch(entry["file"], cell["file"])
        in_column = re.fullmatch(entry["columns"], cell["column"])
        if not in_file or not in_column or (entry.get("rows") and cell["row_type"] != entry["rows"]):
            continue
        words = row | in_file.groupdict() | in_column.groupdict()
        words |= {f"{name}_words": text.replace("_", " ") for name, text in in_column.groupdict().items()}
        words["service"] = SERVICES.get(words.get("service_code", ""), "")
        where = tuple((column, str(text).format(**words)) for column, text in entry["where"].items())
        column = entry["value"].format(**words)
        found = _find(marts, entry["mart"], where, column)
        scale = Decimal(str(entry.get("printed", 1)).format(**words))
        value = found[0] * scale if len(found) == 1 and found[0] is not None else None
        return Published(entry["mart"], where, column, len(found), value)
    return None


def _find(marts: duckdb.DuckDBPyConnection, mart: str, where: tuple[tuple[str, str], ...], column: str) -> list[Any]:
    names = tuple(name for name, _ in where)
    return [row[column] for row in _index(marts, mart, names).get(tuple(key(text) for _, text in where), ())]


@cache
def _index(
    marts: duckdb.DuckDBPyConnection, mart: str, names: tuple[str, ...]
) -> dict[tuple[str, ...], list[dict[str, Any]]]:
    cursor = marts.execute(f"select * from {mart}")
    columns = [description[0] for description in cursor.description or ()]
    index: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for values in cursor.fetchall():
        row = dict(zip(columns, values, strict=True))
        index.setdefault(tuple(key(row[name] or "") for name in names), []).append(row)
    return index
