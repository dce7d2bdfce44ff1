"""What people are to be told of: publications, held partitions, returns that are missing, quarters that lack some.

Read from the current version alone, so it takes no slot and everybody is told what readers can see. What was told is
kept in `notices.json`, so nobody is told twice, and what could not be sent is told the next time.
"""

import json
from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from publication import store
from publication.manifest import Manifest, read_manifest
from publication.sql import literal, records
from quarterdeck.deadlines import Policy, policy
from quarterdeck.periods import Quarter
from quarterdeck.settings import Settings

# Nobody asks for returns of the years before the installation was set up.
_DAYS_BACK = 400


@dataclass(frozen=True)
class Notice:
    """One thing to tell: `key` says what it is about, so that it is told once; `kind` is one word for filters."""

    key: str
    kind: str
    subject: str
    text: str


def notices(settings: Settings, today: date) -> list[Notice]:
    """What is to be told today and was not told yet; nothing before the first publication."""
    version = store.current(settings)
    if version is None:
        return []
    manifest, told = read_manifest(settings, version), _told(settings)
    found = [_published(manifest), *_held(manifest), *_missing(settings, version, today, policy())]
    return [notice for notice in found if notice.key not in told]


def mark_told(settings: Settings, key: str) -> None:
    """Note that somebody was told."""
    known = sorted({*_told(settings), key})
    half = _file(settings).with_suffix(".half")
    half.write_text(json.dumps(known, indent=2))
    half.replace(_file(settings))


def _published(manifest: Manifest) -> Notice:
    text = f"{manifest.version} was published on {manifest.created_at:%d %B %Y %H:%M} UTC, {manifest.rows} rows.\n"
    return Notice(
        f"published {manifest.version}", "published", f"Published: {manifest.version}", text + manifest.reason
    )


def _held(manifest: Manifest) -> list[Notice]:
    return [
        Notice(
            f"held {partition.name} {partition.fingerprint}",
            "held",
            f"Held: {partition.name}",
            f"{partition.name} is not published: {partition.reason}\nIts last published rows stay until it is mended.",
        )
        for partition in manifest.partitions
        if partition.decision == "held"
    ]


def _missing(settings: Settings, version: str, today: date, policy: Policy) -> list[Notice]:
    """Who has not sent what: on the days of reminders, and when a quarter stands as provisional."""
    notices, lacking = [], defaultdict(list)
    for row in _not_accepted(settings, version, today):
        what = f"{row['return_id']} ({row['feed']}) for {row['reporting_period']}"
        state = "is held" if row["received"] else "was not received"
        lacking[row["organisation"], row["quarter"]].append(f"{what}, due on {row['due_on']}, {state}")
        for number, day in enumerate(policy.reminders(row["due_on"]), start=1):
            if day <= today and (today - day).days < 7:
                notices.append(
                    Notice(
                        f"missing {row['organisation_code']} {what} {number}",
                        "missing",
                        f"Missing: {row['organisation']}, {what}",
                        f"{row['organisation']} owes {what}. It was due on {row['due_on']} and {state}.",
                    )
                )
    for (organisation, quarter), returns in lacking.items():
        name = f"{organisation} {quarter}"
        if policy.provisional_on(Quarter.parse(quarter)) <= today:
            listed = "\n".join(f"- {each}" for each in returns)
            text = f"The figures of {name} stand as provisional, with what is in. Missing:\n{listed}"
            notices.append(Notice(f"provisional {name}", "provisional", f"Provisional: {name}", text))
    return notices


def _not_accepted(settings: Settings, version: str, today: date) -> list[dict[str, Any]]:
    path = settings.published / version / store.MARTS_FILE
    with duckdb.connect() as connection:
        connection.execute(f"attach {literal(str(path))} as marts (read_only)")
        return records(
            connection,
            "select organisation_code, organisation, feed, return_id, reporting_period, quarter, due_on, received"
            " from marts.main.submissions where expected and not accepted"
            f" and due_on between date '{today}' - {_DAYS_BACK} and date '{today}' - 1"
            " order by all",
        )


def _told(settings: Settings) -> set[str]:
    return set(json.loads(_file(settings).read_text())) if _file(settings).exists() else set()


def _file(settings: Settings) -> Path:
    return settings.home / "notices.json"
