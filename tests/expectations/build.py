"""A build file with rows put in by hand: what the loaders would have left, in as few words as a test can say it."""

import hashlib
import json
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from expectations.store import rows
from quarterdeck.settings import Settings
from quarterdeck.warehouse import connect, records

ORGANISATION = "E06000045"


@dataclass
class Build:
    """A build file, prepared; its rows are written when `save` is called."""

    settings: Settings
    tables: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def submission(
        self, return_id: str = "report", period: str = "2018-09", *, organisation: str = ORGANISATION,
        sequence: int = 1, status: str = "accepted", feed: str = "highlight_report",
    ) -> str:  # fmt: skip
        """Add a submission, and its bytes to the archive; its id."""
        submission_id = f"{organisation}.{return_id}.{period}.{sequence}"
        content = submission_id.encode()
        sha256 = hashlib.sha256(content).hexdigest()
        stored = self.settings.archive / "objects" / sha256[:2] / sha256
        stored.parent.mkdir(parents=True, exist_ok=True)
        stored.write_bytes(content)
        self.tables.setdefault("submissions", []).append(
            {
                "submission_id": submission_id, "organisation_code": organisation, "feed": feed,
                "return_id": return_id, "reporting_period": period, "sequence": sequence, "sha256": sha256,
                "file_name": "report.xlsx", "status": status, "layout": "a_layout", "layout_sha256": "0" * 64,
            }
        )  # fmt: skip
        return submission_id

    def row(self, record: str, submission_id: str, row: int, **fields: Any) -> None:
        """Add one raw row. A quantity is a number, or text where its decimals matter (`"9.0"`).

        `unit` and `scale` are those of every quantity of the row; `cells` names columns where they matter.
        """
        unit, scale = fields.pop("unit", "gbp"), fields.pop("scale", 1000)
        organisation, _, period, _ = submission_id.split(".")
        cells = fields.pop("cells", {})
        document = {
            "submission_id": submission_id, "organisation_code": organisation, "reporting_period": period,
            "table_name": "a_table", "sheet": "A sheet", "block": 1, "source_row": row, "row_type": "detail",
            "rolls_up_to_row": None, "cells": json.dumps(cells),
        }  # fmt: skip
        for name, value in fields.items():
            document[name] = value
            if records()[record].get(name) == "quantity" and value is not None:
                decimals = max(0, -int(Decimal(str(value)).as_tuple().exponent))
                document |= {
                    name: Decimal(str(value)), f"{name}_unit": unit, f"{name}_scale": scale,
                    f"{name}_decimals": decimals,
                }  # fmt: skip
        self.tables.setdefault(record, []).append(document)

    def save(self) -> None:
        """Write everything added so far."""
        with connect(self.settings) as connection:
            for table, documents in self.tables.items():
                for document in documents:
                    names, marks = ", ".join(document), ", ".join("?" * len(document))
                    connection.execute(f"insert into raw.{table} ({names}) values ({marks})", list(document.values()))
        self.tables.clear()

    def query(self, sql: str) -> list[dict[str, Any]]:
        """Rows of the build file."""
        with connect(self.settings, read_only=True) as connection:
            return rows(connection, sql)

    def execute(self, sql: str, rows: list[list[Any]] | None = None) -> None:
        """Change the build file: once, or once for each of these rows of parameters."""
        with connect(self.settings) as connection:
            if rows is None:
                connection.execute(sql)
            else:
                connection.executemany(sql, rows)
