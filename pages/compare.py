"""Organisations beside each other, only on the same scale: what two or more of them report in the same way.

Nothing is converted or worked out: figures are the marts', and counts are of their rows.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from pages.blocks import Spec, contents
from pages.figures import NOT_REPORTED, label, number, slug, unit_of, word
from pages.organisations import Organisation
from pages.published import Mart, Partition, Published, Row
from pages.tables import Block, Cell, Column, Line, Table, compact, plain, words

_ENOUGH = 2


def comparison(
    published: Published, organisations: Sequence[Organisation], menus: dict[Partition, list[str]]
) -> list[Block]:
    """A table for each scale or unit that two organisations share, and one of what nobody shares."""
    lines = _Lines(organisations, menus)
    spec = contents()["comparison"]
    tables: list[Table] = []
    apart: list[list[str]] = []
    for each in spec["statuses"]:
        _statuses(published, each, spec["order"], lines, tables, apart)
    for each in spec["figures"]:
        _figures(published, each, lines, tables, apart)
    if apart:
        title = "Not compared"
        tables.append(plain(title, words("Organisation", "What", "Scale or unit", "Why it is not compared"), apart))
    for place, table in enumerate(tables, start=1):
        table.id = f"comparison-{place}"
    return [*tables]


class _Lines:
    """Heads the lines of a comparison: an organisation and a quarter, the newest quarters first."""

    def __init__(self, organisations: Sequence[Organisation], menus: dict[Partition, list[str]]) -> None:
        self._known = {each.code: each for each in organisations}
        self._menus = menus

    def name(self, code: str) -> str:
        return self._known[code].name if code in self._known else code

    def order(self, partitions: Iterable[Partition]) -> list[Partition]:
        newest = sorted(partitions, key=lambda each: each[1], reverse=True)
        return sorted(newest, key=lambda each: self.name(each[0]))

    def line(self, mart: Mart, partition: Partition, cells: list[Cell]) -> Line:
        code, quarter = partition
        there = self._menus.get(partition)
        href = f"{self._known[code].folder}/{slug(quarter)}/{there[0]}.html" if there else ""
        values = {"organisation_code": code, "quarter": quarter}
        key = compact([values.get(name) for name in mart.key])
        return Line(key, Cell("", self.name(code), href=href), [Cell("quarter", quarter), *cells])


def _statuses(
    published: Published,
    spec: Spec,
    order: Sequence[str],
    lines: _Lines,
    tables: list[Table],
    apart: list[list[str]],
) -> None:
    """How many things have which status, one table a scale."""
    status, scale_of = spec["status"], spec["scale"]
    scales: dict[str, list[Row]] = defaultdict(list)
    for row in published.counts(spec["mart"], ["organisation_code", "quarter", scale_of, status]):
        if row[scale_of] is not None and row[status] is not None:
            scales[row[scale_of]].append(row)
    for scale, rows in scales.items():
        codes = sorted({row["organisation_code"] for row in rows}, key=lines.name)
        if len(codes) < _ENOUGH:
            others = "Others use another scale." if len(scales) > 1 else "Nobody else reports it."
            apart += [[lines.name(code), spec["title"], word(scale), others] for code in codes]
            continue
        place = {each: index for index, each in enumerate(order)}
        found = sorted({row[status] for row in rows}, key=lambda each: (place.get(each, len(place)), each))
        counted: dict[Partition, dict[str, int]] = defaultdict(dict)
        for row in rows:
            counted[row["organisation_code"], row["quarter"]][row[status]] = row["rows"]
        mart = published.marts[spec["mart"]]
        tables.append(
            Table(
                id="",
                mart=mart.name,
                title=f"{spec['title']}: {word(scale)}",
                head=Column("", "Organisation"),
                columns=[
                    Column("", "Quarter", filter=True),
                    *(Column("", each, numeric=True, across=compact({status: each})) for each in found),
                ],
                lines=[
                    _with_shares(
                        lines.line(mart, of, [Cell("", number(counted[of].get(each, 0)), True) for each in found]),
                        [(spec["colours"].get(each, "not_rated"), counted[of].get(each, 0)) for each in found],
                    )
                    for of in lines.order(counted)
                ],
                counted=compact({scale_of: scale}),
                stacked=True,
                note=f"{len(codes)} organisations report on this scale. Shares are drawn; the figures are counts.",
            )
        )


def _with_shares(line: Line, counts: Sequence[tuple[str, int]]) -> Line:
    whole, start = sum(count for _, count in counts) or 1, 0.0
    for name, count in counts:
        width = count / whole * 100
        if count:
            line.stack.append((name, round(start, 2), round(width, 2)))
        start += width
    return line


def _figures(published: Published, spec: Spec, lines: _Lines, tables: list[Table], apart: list[list[str]]) -> None:
    """Figures of the same name and unit."""
    mart = published.marts.get(spec["mart"])
    if mart is None:
        return
    across, value = spec.get("across"), spec["value"]
    rows = [row for row in published.rows(mart.name) if row[value] is not None]
    scales: dict[tuple[str, str | None], set[str]] = defaultdict(set)
    for row in rows:
        scales[row[across] if across else value, unit_of(value, row)].add(row["organisation_code"])
    # A unit may be blank.
    shared = sorted((each for each, codes in scales.items() if len(codes) >= _ENOUGH), key=str)
    for (name, unit), codes in sorted(scales.items(), key=str):
        if len(codes) < _ENOUGH:
            units = {other for called, other in scales if called == name} - {unit}
            why = f"Others report it in {_listed(units)}." if units else "Nobody else reports it."
            what = word(name) if across else spec["title"]
            apart += [[lines.name(code), what, word(unit) if unit else "", why] for code in sorted(codes)]
    if not shared:
        return
    by_partition: dict[Partition, dict[tuple[str, str | None], Row]] = defaultdict(dict)
    for row in rows:
        scale = (row[across] if across else value, unit_of(value, row))
        if scale in shared:
            by_partition[row["organisation_code"], row["quarter"]][scale] = row
    tables.append(
        Table(
            id="",
            mart=mart.name,
            title=spec["title"],
            head=Column("", "Organisation"),
            columns=[Column("", "Quarter", filter=True), *(_column(value, across, each) for each in shared)],
            lines=[
                lines.line(mart, of, [_cell(by_partition[of].get(scale), value) for scale in shared])
                for of in lines.order(by_partition)
            ],
            note=spec["note"],
        )
    )


def _column(value: str, across: str | None, scale: tuple[str, str | None]) -> Column:
    name, unit = scale
    said = f" ({word(unit).lower()})" if unit else ""
    if across is None:
        return Column(value, label(value) + said, numeric=True)
    return Column(value, word(name) + said, numeric=True, across=compact({across: name}))


def _cell(row: Row | None, value: str) -> Cell:
    if row is None:
        return Cell("", NOT_REPORTED, numeric=True, blank=True)
    return Cell(value, number(row[value], unit_of(value, row)), numeric=True)


def _listed(units: Iterable[Any]) -> str:
    return ", ".join(sorted(word(unit).lower() if unit else "no unit" for unit in units))
