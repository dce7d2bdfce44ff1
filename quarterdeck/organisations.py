"""Organisations and feeds as the seeds declare them, and where a landed file says it belongs."""

import csv
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from pathlib import Path

from quarterdeck.feeds import FEEDS
from quarterdeck.periods import Month
from quarterdeck.settings import Settings


class UnplaceableError(ValueError):
    """A path does not say whose file it is, of which feed and for which month; the message says what is wrong."""


@dataclass(frozen=True)
class Place:
    """What a file is: whose, of which feed, for which month (`2018-09`)."""

    organisation_code: str
    feed: str
    reporting_period: str


@cache
def organisation_codes(seeds: Path) -> dict[str, str]:
    """Codes by slug and by code itself, in lower case."""
    with (seeds / "organisations.csv").open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    return {row[name].lower(): row["organisation_code"] for row in rows for name in ("slug", "organisation_code")}


@cache
def organisation_names(seeds: Path) -> dict[str, frozenset[str]]:
    """What each organisation is called, by its code: the code itself, its slug and its name."""
    with (seeds / "organisations.csv").open(newline="", encoding="utf-8") as stream:
        return {
            row["organisation_code"]: frozenset({row["organisation_code"], row["slug"], row["organisation"]})
            for row in csv.DictReader(stream)
        }


def unknown(seeds: Path, organisation: str) -> str:
    """What to say of a name that is no organisation's, with those that look like it."""
    near = get_close_matches(organisation.lower(), organisation_codes(seeds))
    meant = f"did you mean {' or '.join(near)}?" if near else "the seed organisations.csv lists them"
    return f"'{organisation}' is not an organisation that sends returns ({meant})"


def place(settings: Settings, organisation: str, feed: str, period: str) -> Place:
    """Check the three words that say what a file is.

    Raises UnplaceableError, in words for the sender.
    """
    code = organisation_codes(settings.seeds).get(organisation.lower())
    if code is None:
        raise UnplaceableError(unknown(settings.seeds, organisation))
    feeds = [known.name for known in FEEDS]
    if feed not in feeds:
        raise UnplaceableError(f"'{feed}' is not a feed; the feeds are {', '.join(feeds)}")
    try:
        return Place(code, feed, str(Month.parse(period)))
    except ValueError as error:
        raise UnplaceableError(str(error)) from error


def place_said(settings: Settings, path: Path, organisation: str | None, feed: str | None, period: str | None) -> Place:
    """The place that three options say, or the path where none is given.

    Raises UnplaceableError; also where only some are given, for they would contradict the path or say too little.
    """
    if organisation and feed and period:
        return place(settings, organisation, feed, period)
    if organisation or feed or period:
        raise UnplaceableError("organisation, feed and period belong together, and not all of them are given")
    return place_of(settings, path.absolute())


def place_of(settings: Settings, path: Path) -> Place:
    """Read the place from a path that ends in `<organisation>/<feed>/<YYYY-MM>/<file>`.

    Raises UnplaceableError.
    """
    if len(path.parts) < 4:
        raise UnplaceableError("the path does not end in <organisation>/<feed>/<YYYY-MM>/<file>")
    return place(settings, *path.parts[-4:-1])
