"""A page read back: which value of which row of which mart each element says it shows."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pages.blocks import contents

KINDS = [
    *contents()["quarter"],
    "home",
    "about",
    "compare",
    "changed",
    "operations",
    "organisation",
    "project",
    "dashboard",
]
"""Every kind of page."""


@dataclass(frozen=True)
class Shown:
    """A text on a page, and what it stands for: a column of a row of a mart, and the cell of the return."""

    mart: str
    key: str
    column: str
    text: str
    cell: str
    kind: str


@dataclass(frozen=True)
class Counted:
    """A number on a page that says how many rows a mart has of an organisation and quarter with some values."""

    mart: str
    organisation_code: str
    quarter: str
    only: dict[str, Any]
    text: str


def text_of(element: Any) -> str:
    """What a reader sees of an element."""
    return " ".join(element.text_content().split())


def shown(tree: Any, keys: Mapping[str, list[str]]) -> Iterator[Shown]:
    """Every value on a page; `keys` are the columns of each mart's key."""
    for element in tree.xpath("//*[@data-column][not(ancestor-or-self::thead)]"):
        mart = element.xpath("ancestor-or-self::*[@data-mart][1]/@data-mart")[0]
        key = element.xpath("ancestor-or-self::*[@data-key][1]/@data-key")[0]
        yield Shown(mart, key, element.get("data-column"), text_of(element), element.get("data-cell", ""), element.tag)
    for table in tree.xpath("//table[@data-mart][not(@data-count)]"):
        yield from _of_table(table, keys)


def counted(tree: Any) -> Iterator[Counted]:
    """Every count on a page."""
    for element in tree.xpath("//*[@data-count][not(self::table)]"):
        code, quarter, only = json.loads(element.get("data-count"))
        yield Counted(element.get("data-mart"), code, quarter, only, text_of(element))
    for table in tree.xpath("//table[@data-count]"):
        heads = table.xpath("./thead/tr/th")
        for row in table.xpath("./tbody/tr"):
            code, quarter, *_ = json.loads(row.get("data-key"))
            for head, cell in zip(heads, row.xpath("./th|./td"), strict=True):
                if head.get("data-across"):
                    only = json.loads(table.get("data-count")) | json.loads(head.get("data-across"))
                    yield Counted(table.get("data-mart"), code, quarter, only, text_of(cell))


def _of_table(table: Any, keys: Mapping[str, list[str]]) -> Iterator[Shown]:
    heads = table.xpath("./thead/tr/th")
    if not any(head.get("data-column") for head in heads):
        return
    shared = json.loads(table.get("data-key", "[]"))
    for row in table.xpath("./tbody/tr"):
        own = [*shared, *json.loads(row.get("data-key"))]
        addresses = iter(row.get("data-cells", "").split("?"))
        for head, cell in zip(heads, row.xpath("./th|./td"), strict=True):
            if "data-fixed" in head.attrib:
                continue
            address = next(addresses, "")
            column = head.get("data-column")
            if not column or cell.get("data-column"):
                continue
            mart = head.get("data-mart") or table.get("data-mart")
            beside = json.loads(row.get("data-beside", "[]"))
            values = ([*shared, *beside] if beside else []) if head.get("data-mart") else own
            if cell.get("data-key"):
                values = json.loads(cell.get("data-key"))
            elif head.get("data-across") and values:
                across = json.loads(head.get("data-across"))
                values = [across.get(name, value) for name, value in zip(keys[mart], values, strict=True)]
            key = json.dumps(values, ensure_ascii=False, separators=(",", ":"))
            yield Shown(mart, key, column, text_of(cell), address, cell.tag)
