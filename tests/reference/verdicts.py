"""Where the comparisons of the reference are found in the mart `reconciliation`: `verdicts.yml`, applied."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import yaml

Row = dict[str, Any]

ORGANISATIONS = {"Southampton": "E06000045", "Nottinghamshire": "E10000024", "Oxfordshire": "E10000025"}


@dataclass(frozen=True)
class Stated:
    """A comparison of the reference that the mart should hold: how to find its rows, and how to compare them."""

    find: dict[str, str]
    unit: Decimal
    compare: str


@cache
def declared() -> dict[str, Any]:
    """What `verdicts.yml` says."""
    said: dict[str, Any] = yaml.safe_load(Path(__file__).with_suffix(".yml").read_text(encoding="utf-8"))
    return said


def stated(check: Row) -> Stated | None:
    """The first entry that fits a check of the reference (a row of `reconciliation.csv`), or None."""
    for entry in declared()["stated"]:
        named = entry.get("named", {})
        in_what = re.fullmatch(entry.get("what", ".*"), check["what"])
        if check["check_id"] in named:
            find = {"check_id": named[check["check_id"]]}
        elif in_what and re.fullmatch(entry.get("ids", ""), check["check_id"]):
            words = {"table": check["table"].removeprefix("Annex 2 ")} | in_what.groupdict()
            find = {column: template.format(**words) for column, template in entry["find"].items()}
        else:
            continue
        return Stated(find, Decimal(entry.get("unit", 1)), entry.get("compare", "values"))
    return None


def reason_not_stated(check: Row) -> str | None:
    """Why a check of the reference cannot be stated over loaded figures, or None where nothing is said."""
    return next(
        (entry["reason"] for entry in declared()["not_stated"] if re.fullmatch(entry["ids"], check["check_id"])), None
    )


def rows_of(check: Row, how: Stated, mart: Iterable[Row]) -> list[Row]:
    """The mart's rows of a check; with `rows`, all comparisons of a check that is made for each of several things."""
    organisation = ORGANISATIONS[check["document"].split()[1]]
    wanted = {column: _letters(text) for column, text in how.find.items()}
    found = [row for row in mart if row["organisation_code"] == organisation]
    if how.compare == "rows":
        return [row for row in found if row["check_id"].startswith(how.find["check_id"] + ": ")]
    return [row for row in found if all(_letters(row[column]) == text for column, text in wanted.items())]


def differences(check: Row, how: Stated, rows: list[Row]) -> Iterator[str]:
    """What the mart's rows tell otherwise than the reference."""
    if how.compare == "rows":
        agreeing = [row for row in rows if row["verdict"] == "agrees"]
        if [str(len(rows)), str(len(agreeing))] != [check["printed_value"], check["recomputed_value"]]:
            yield f"{len(agreeing)} of {len(rows)} rows agree"
        return
    if len(rows) != 1:
        yield f"{len(rows)} rows fit {how.find}"
        return
    (row,) = rows
    if row["verdict"] != check["verdict"]:
        yield f"verdict {row['verdict']} instead of {check['verdict']}"
    if how.compare == "difference" and abs(row["difference"]) != abs(Decimal(check["difference"])):
        yield f"difference {row['difference']} instead of {check['difference']}"
    if how.compare == "values":
        for column in ("printed_value", "recomputed_value"):
            if not _same(row[column], how.unit, check[column]):
                yield f"{column} {row[column]} instead of {check[column]} x {how.unit}"


def _same(value: Decimal | None, unit: Decimal, printed: str) -> bool:
    """Whether a value is the printed one, to as many decimals as that has; a blank is blank."""
    if value is None or not printed:
        return value is None and not printed
    return round(value / unit, len(printed.partition(".")[2])) == Decimal(printed)


def _letters(text: str | None) -> str:
    return re.sub(r"[\W_]", "", text or "").casefold()
