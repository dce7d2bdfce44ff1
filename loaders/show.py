"""What a layout reads from one file, for whoever is writing the layout."""

from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path

from loaders.apart import AFTER_ITEMS, Begin, run_apart
from loaders.columns import RawRow
from loaders.extract import Extraction
from loaders.layout import LoadedLayout
from loaders.read import read_file
from quarterdeck.organisations import Place
from quarterdeck.rules import finding
from quarterdeck.settings import Settings
from quarterdeck.warehouse import records


def read_shown(
    settings: Settings, path: Path, place: Place, layout: LoadedLayout | None
) -> tuple[str | None, Extraction]:
    """Read a file with a layout, or with the one that describes it; the layout's name, and what was read and found."""
    return run_apart(partial(_read, settings, path, place, layout))


def _read(
    settings: Settings,
    path: Path,
    place: Place,
    layout: LoadedLayout | None,
    set_aside: Mapping[int, str],
    begin: Begin,
) -> tuple[str | None, Extraction]:
    if 0 in set_aside:
        return None, Extraction(findings=[finding("file-too-large", f"'{path.name}' was not read: {set_aside[0]}.")])
    begin(0)
    loaded, result = read_file(settings, path, path.name, place, layout)
    begin(AFTER_ITEMS)
    # A dictionary that makes its own entries does not travel between processes.
    return loaded.layout.layout if loaded else None, Extraction(dict(result.rows), result.findings)


def shown(record: str, rows: Iterable[RawRow]) -> list[dict[str, str]]:
    """Rows as people read them: where they stand, what they say, figures with their units; no blank columns."""
    columns = records()[record]
    said = [
        {
            "sheet": row["sheet"],
            "row": str(row["source_row"]),
            "type": row["row_type"],
            **{name: _value(row, name, kind) for name, kind in columns.items()},
        }
        for row in rows
    ]
    filled = [name for name in ("sheet", "row", "type", *columns) if any(row[name] for row in said)]
    return [{name: row[name] for name in filled} for row in said]


def _value(row: RawRow, name: str, kind: str) -> str:
    value = row.get(name)
    token = row.get(f"{name}_token")
    if value is None:
        return f"[{token}]" if token else ""
    if kind != "quantity":
        return str(value)
    scale = row[f"{name}_scale"]
    return f"{value} {row[f'{name}_unit']}{f' x {scale}' if scale != 1 else ''}"
