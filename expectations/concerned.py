"""Which partitions a backfill is to decide on, and how the gate's decisions stand."""

import json
from collections.abc import Iterable, Sequence

from expectations.pending import Partition, pending_partitions
from expectations.store import quarter_of
from quarterdeck.periods import Quarter
from quarterdeck.settings import Settings
from quarterdeck.warehouse import connect

Standing = dict[str, dict[str, str]]
"""Decision, reason and fingerprint by partition's name, as in `E10000024 2018-19 Q2`."""


def concerned(settings: Settings, submission_ids: Sequence[str]) -> list[Partition]:
    """The pending partitions of these submissions, and of the quarter after each, which is compared with it.

    Decisions that were made and not yet carried out are made again with them: the candidate that a publication would
    take their rows from is not the one that they were made on. Other pending partitions stay so. Hold the writer's
    slot.
    """
    with connect(settings, read_only=True) as connection:
        loaded = connection.execute(
            "select distinct organisation_code, reporting_period from raw.submissions"
            " where list_contains(?, submission_id)",
            [list(submission_ids)],
        ).fetchall()
    wanted = set(_with_next((organisation, quarter_of(month)) for organisation, month in loaded))
    decided = {name: each["fingerprint"] for name, each in decisions(settings).items()}
    settled = json.loads(settings.settled.read_text()) if settings.settled.exists() else {}
    return [
        part
        for part in pending_partitions(settings)
        for name in [f"{part.organisation_code} {part.quarter}"]
        if (part.organisation_code, part.quarter) in wanted or decided.get(name) != settled.get(name)
    ]


def decisions(settings: Settings) -> Standing:
    """Every decision of the gate as it stands. Hold the writer's slot."""
    if not settings.warehouse.exists():
        return {}
    with connect(settings, read_only=True) as connection:
        found = connection.execute(
            "select organisation_code, quarter, decision, reason, fingerprint from gate.decisions order by all"
        ).fetchall()
    return {
        f"{organisation} {quarter}": {"decision": decision, "reason": reason, "fingerprint": fingerprint}
        for organisation, quarter, decision, reason, fingerprint in found
    }


def _with_next(partitions: Iterable[tuple[str, str]]) -> Iterable[tuple[str, str]]:
    for organisation, quarter in partitions:
        found = Quarter.parse(quarter)
        yield organisation, quarter
        yield organisation, str(Quarter(found.fiscal_year + found.number // 4, found.number % 4 + 1))
