"""When a return was received, held against when it was due."""

import csv
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path

from loaders.archive import Receipt
from quarterdeck.findings import Finding
from quarterdeck.periods import Month
from quarterdeck.rules import finding
from quarterdeck.settings import Settings

_MONTHS_BETWEEN = {"monthly": 1, "quarterly": 3, "annual": 12}


@dataclass(frozen=True)
class Expected:
    """A return that an organisation owes, from a first month on; `last` is None while it is owed."""

    frequency: str
    first: Month
    last: Month | None
    due_days: int

    def is_for(self, month: Month) -> bool:
        """Whether it is owed for that month."""
        between = _MONTHS_BETWEEN[self.frequency]
        in_step = (month.year * 12 + month.number - self.first.year * 12 - self.first.number) % between == 0
        return in_step and self.first <= month and (self.last is None or month <= self.last)


def timeliness_findings(settings: Settings, receipt: Receipt, return_id: str) -> Iterator[Finding]:
    """Whether a return came before its period had ended, after it was due, or for a period that it is not owed for.

    Nothing is said of returns that nobody is expected to send.
    """
    expected = expected_returns(settings.seeds).get((receipt.organisation_code, receipt.feed, return_id), ())
    month = Month.parse(receipt.reporting_period)
    received = datetime.fromisoformat(receipt.received_at).date()
    if received <= month.last_day:
        yield finding(
            "return-early",
            f"It was received on {_day(received)}, before {month} had ended; its figures cannot be final.",
            remedy="Send it again when the period has ended.",
        )
    if not expected:
        return
    owed = next((each for each in expected if each.is_for(month)), None)
    if owed is None:
        each = expected[-1]
        until = f" to {each.last}" if each.last else ""
        yield finding(
            "return-unexpected",
            f"The return is {each.frequency}, from {each.first}{until}; none is expected for {month}.",
            remedy="Check which period it is of, and send it for that one.",
        )
    elif received > (due := month.last_day + timedelta(days=owed.due_days)):
        yield finding(
            "return-late",
            f"It was due on {_day(due)} and was received on {_day(received)}.",
            remedy="Nothing needs to be done.",
        )


def _day(day: date) -> str:
    return f"{day.day} {day:%B %Y}"


@cache
def expected_returns(seeds: Path) -> dict[tuple[str, str, str], list[Expected]]:
    """What is owed, in the order of the seed: by organisation, feed and return."""
    found = defaultdict(list)
    with (seeds / "expected_returns.csv").open(newline="", encoding="utf-8") as stream:
        for row in csv.DictReader(stream):
            last = Month.parse(row["last_period"]) if row["last_period"] else None
            each = Expected(row["frequency"], Month.parse(row["first_period"]), last, int(row["due_days"]))
            found[row["organisation_code"], row["feed"], row["return_id"]].append(each)
    return dict(found)
