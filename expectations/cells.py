"""Where a figure stands: the address of a field in its workbook, from the `cells` that travel with its row."""

import json
from collections.abc import Mapping
from typing import Any


def cell_of(row: Mapping[str, Any], field: str | None) -> str | None:
    """The cell of a field; None where the row does not know it.

    >>> cell_of({"cells": '{"project":"B","portfolio":"A5"}', "source_row": 12}, "project")
    'B12'
    >>> cell_of({"cells": '{"project":"B","portfolio":"A5"}', "source_row": 12}, "portfolio")
    'A5'
    """
    cells = row.get("cells") or "{}"
    where = (json.loads(cells) if isinstance(cells, str) else cells).get(field)
    if where and where.isalpha() and row.get("source_row"):
        return f"{where}{row['source_row']}"
    return where or None
