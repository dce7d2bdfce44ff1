"""Archive to batch: the files of a batch are parsed in one process, without the warehouse."""

import hashlib
import json
import shutil
from collections import defaultdict
from dataclasses import asdict
from pathlib import Path

from loaders.archive import Receipt, receipts
from loaders.cells import UnreadableFileError
from loaders.extract import Extraction, RawRow, extract
from loaders.formats import read_sheets
from loaders.layout import LoadedLayout, recognise
from quarterdeck.organisations import Place
from quarterdeck.periods import Month
from quarterdeck.rules import finding
from quarterdeck.settings import Settings
from quarterdeck.warehouse import record_columns

UNRECOGNISED = "unrecognised"


def read_batch(settings: Settings, feed: str, period: str, receipt_ids: list[str]) -> str:
    """Parse the files of these receipts into a folder below `work/`, and return the folder's path.

    The folder holds `submissions.json` (a receipt, its layout and its findings each) and a Parquet file a record type,
    whose rows carry the receipt's id. A file that cannot be read costs the others nothing.
    """
    wanted = set(receipt_ids)
    rows: dict[str, list[RawRow]] = defaultdict(list)
    described = []
    for receipt in receipts(settings, feed, period):
        if receipt.receipt_id not in wanted:
            continue
        loaded, result = read_file(
            settings,
            settings.archived(receipt.sha256),
            receipt.file_name,
            Place(receipt.organisation_code, feed, period),
        )
        described.append(_describe(receipt, loaded, result))
        if not result.has_error:
            for record, found in result.rows.items():
                rows[record].extend(_identified(found, receipt))
    return str(_write(settings, receipt_ids, described, rows))


def read_file(settings: Settings, path: Path, file_name: str, place: Place) -> tuple[LoadedLayout | None, Extraction]:
    """Read one file with the layout that describes it. Whatever is wrong with it is a finding, never an exception."""
    result = Extraction()
    loaded = None
    try:
        sheets = read_sheets(path, Path(file_name).suffix)
        loaded = recognise(settings, place.organisation_code, place.feed, sheets)
        if loaded is None:
            result.findings.append(
                finding(
                    "layout-unknown",
                    f"No layout of this organisation's {place.feed} describes '{file_name}'.",
                    remedy="Check that the right file was sent; if it is a new template, the data team adds a layout.",
                )
            )
        else:
            result = extract(loaded.layout, sheets, Month.parse(place.reporting_period), settings)
    except UnreadableFileError as error:
        result.findings.append(
            finding(
                "file-unreadable",
                f"'{file_name}' could not be read: {error}.",
                remedy="Open it, save it as .xlsx or .csv without a password, and send it again.",
            )
        )
    except Exception as error:  # a file must never cost its batch anything, whatever is wrong with it
        result = Extraction()
        result.findings.append(
            finding(
                "reader-failed",
                f"Reading '{file_name}' failed ({type(error).__name__}: {error}).",
                remedy="The data team looks into it; the file is kept.",
            )
        )
    return loaded, result


def _describe(receipt: Receipt, loaded: LoadedLayout | None, result: Extraction) -> dict[str, object]:
    return {
        "receipt": asdict(receipt),
        "return_id": loaded.layout.return_id if loaded else UNRECOGNISED,
        "layout": loaded.layout.layout if loaded else None,
        "layout_sha256": loaded.sha256 if loaded else None,
        "held": result.has_error,
        "rows": 0 if result.has_error else sum(len(found) for found in result.rows.values()),
        "findings": [asdict(found) for found in result.findings],
    }


def _identified(found: list[RawRow], receipt: Receipt) -> list[RawRow]:
    identity = {
        # The receipt's id stands here until the loader, who alone sees the earlier ones, numbers the submission.
        "submission_id": receipt.receipt_id,
        "organisation_code": receipt.organisation_code,
        "reporting_period": receipt.reporting_period,
    }
    return [row | identity for row in found]


def _write(
    settings: Settings, receipt_ids: list[str], described: list[dict[str, object]], rows: dict[str, list[RawRow]]
) -> Path:
    import pyarrow as pa
    import pyarrow.parquet as pq

    folder = settings.work / "batches" / hashlib.sha256(",".join(receipt_ids).encode()).hexdigest()[:16]
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for record, found in rows.items():
        columns = record_columns(record)
        schema = pa.schema([(name, _arrow_type(kind.python_type, pa)) for name, kind in columns.items()])
        table = pa.Table.from_pydict({name: [row[name] for row in found] for name in columns}, schema=schema)
        pq.write_table(table, folder / f"{record}.parquet")
    (folder / "submissions.json").write_text(json.dumps(described))
    return folder


def _arrow_type(python_type: type, pa: object) -> object:
    types = {"int": "int32", "str": "string", "Decimal": "decimal128"}
    factory = getattr(pa, types[python_type.__name__])
    return factory(18, 6) if python_type.__name__ == "Decimal" else factory()
