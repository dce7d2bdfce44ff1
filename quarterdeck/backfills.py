"""Backfills: what somebody asks to have processed again, where a dry run works, and the record that is kept of each.

A dry run is the run itself in a copy of the data root: the same tasks, a scratch copy of the build file, the archive's
bytes read where they are. So it cannot say something else than the run will do.
"""

import json
import re
import shutil
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from quarterdeck.feeds import FEEDS
from quarterdeck.organisations import organisation_codes, unknown
from quarterdeck.periods import Month, Quarter
from quarterdeck.settings import Settings

_UNSAFE = re.compile(r"[^A-Za-z0-9.-]+")
_LAYOUT_VERSION = re.compile(r"^(?P<layout>[a-z0-9_]+)?(?:@(?P<sha256>[0-9a-f]{4,64}))?$")


# So long a task of a dry run that failed may be cleared, and goes on where it was.
_SCRATCH_SECONDS = 7 * 24 * 3600
_KEPT_TO_COMPARE = ("before", "receipt_ids")
_TOLD = ("status", "layout_sha256", "rows_loaded")


class BackfillError(ValueError):
    """Why a backfill cannot be made, in words for the person who asked for it."""


@dataclass(frozen=True)
class Request:
    """A range of fiscal quarters, both ends included, and what of it: one organisation, one feed, one layout.

    `layout_version` chooses files by what they were last read with: `<layout>`, or `<layout>@<start of its sha256>`.
    """

    first: Quarter
    last: Quarter
    organisation_code: str | None = None
    feed: str | None = None
    layout_version: str | None = None

    @classmethod
    def parse(
        cls,
        settings: Settings,
        first: str,
        last: str,
        organisation: str | None = None,
        feed: str | None = None,
        layout_version: str | None = None,
    ) -> "Request":
        """Read the words of a form or a command line. Raises BackfillError."""
        try:
            quarters = Quarter.parse(first), Quarter.parse(last)
        except ValueError as error:
            raise BackfillError(f"{error}.") from error
        if quarters[0] > quarters[1]:
            raise BackfillError(f"{quarters[0]} comes after {quarters[1]}: name the earlier quarter first.")
        feeds = [known.name for known in FEEDS]
        if feed and feed not in feeds:
            raise BackfillError(f"'{feed}' is not a feed; the feeds are {', '.join(feeds)}.")
        if layout_version and not _LAYOUT_VERSION.match(layout_version):
            raise BackfillError(f"'{layout_version}' names no layout; write it as name or name@sha256.")
        code = organisation_codes(settings.seeds).get(organisation.strip().lower()) if organisation else None
        if organisation and code is None:
            raise BackfillError(f"{unknown(settings.seeds, organisation)}.")
        return cls(*quarters, code, feed or None, layout_version or None)

    @property
    def words(self) -> dict[str, str | None]:
        """The request as text, for records and for people."""
        return {
            "from": str(self.first),
            "to": str(self.last),
            "organisation_code": self.organisation_code,
            "feed": self.feed,
            "layout_version": self.layout_version,
        }

    def covers(self, organisation_code: str, feed: str, reporting_period: str) -> bool:
        """Whether a month of an organisation and feed is in the range."""
        return (
            self.organisation_code in (None, organisation_code)
            and self.feed in (None, feed)
            and self.first <= Month.parse(reporting_period).quarter <= self.last
        )

    def read_with(self, layout: str | None, sha256: str | None) -> bool:
        """Whether a file that was last read with this layout is meant."""
        if self.layout_version is None:
            return True
        name, _, start = self.layout_version.partition("@")
        return bool(layout) and name in ("", layout) and (sha256 or "").startswith(start)


@dataclass
class Record:
    """What is kept of a backfill: who asked for what and when, and what came of it.

    `submissions` are the files' submissions before and after; `partitions` the decisions before and after; `figures`
    the published figures that changed, the first of `figures_changed`.
    """

    backfill_id: str
    dry_run: bool
    by: str
    request: dict[str, str | None]
    started_at: str
    receipt_ids: list[str]
    before: dict[str, dict[str, Any]]
    ended_at: str | None = None
    submissions: list[dict[str, Any]] | None = None
    partitions: list[dict[str, Any]] | None = None
    marts: list[dict[str, Any]] | None = None
    figures_changed: int | None = None
    figures: list[dict[str, Any]] | None = None
    version_before: str | None = None
    version: str | None = None

    @property
    def state(self) -> str:
        """`done`, or `begun` where it runs still or was interrupted."""
        return "done" if self.ended_at else "begun"

    def compare(self, submissions: dict[str, dict[str, Any]], partitions: dict[str, dict[str, Any]]) -> None:
        """Fill in what became of submissions and partitions, from how they stand afterwards."""
        known = self.before["submissions"]
        self.submissions = [
            {
                "submission_id": name,
                "file_name": each["file_name"],
                "changed": known.get(name) != submissions.get(name),
                **{f"{what}_before": known.get(name, {}).get(what) for what in _TOLD},
                **{what: submissions.get(name, {}).get(what) for what in _TOLD},
            }
            for name, each in sorted((known | submissions).items())
        ]
        decided = self.before["partitions"]
        self.partitions = [
            {
                "partition": name,
                "decision_before": decided.get(name, {}).get("decision"),
                "decision": each["decision"],
                "reason": each["reason"],
            }
            for name, each in sorted(partitions.items())
            if each != decided.get(name)
        ]

    @property
    def lines(self) -> list[str]:
        """The result in sentences, for the log of a task."""
        would = "would change" if self.dry_run else "changed"
        submissions = [each for each in self.submissions or () if each["changed"]]
        return [
            f"Submissions read again: {len(self.submissions or ())}, of which {len(submissions)} {would}.",
            *(f"  {each['submission_id']} {each['file_name']}" for each in submissions),
            f"Partitions that {'would be' if self.dry_run else 'were'} decided on again: {len(self.partitions or ())}.",
            *(f"  {each['partition']}: {each['decision']}. {each['reason']}" for each in self.partitions or ()),
            f"Figures that {would}: {self.figures_changed}{_the_first(len(self.figures or ()), self.figures_changed)}.",
            *(
                f"  {each['old_value']} -> {each['new_value']}  {each['column_name']} of {each['mart']},"
                f" {each['organisation_code']} {each['quarter']} {each['key']} ({each['reason']})"
                for each in self.figures or ()
            ),
        ]

    @property
    def summary(self) -> dict[str, Any]:
        """The record without what it only keeps to compare with."""
        told = {name: value for name, value in asdict(self).items() if name not in _KEPT_TO_COMPARE}
        return {"state": self.state, **told}


def _the_first(listed: int, count: int | None) -> str:
    return f", of which the first {listed} are listed" if listed < (count or 0) else ""


def backfill_id(run_id: str) -> str:
    """The name of the backfill that a run of the DAG is; it can be the name of a file."""
    return _UNSAFE.sub("-", run_id).strip("-.")


def scratch(settings: Settings, name: str) -> Settings:
    """The settings of a dry run: everything it writes hangs below `work/`."""
    return settings.model_copy(update={"home": _scratches(settings) / name})


def forget_old_scratches(settings: Settings) -> None:
    """Remove what dry runs have left that failed more than a week ago; each holds a copy of the build file."""
    for folder in _scratches(settings).glob("*"):
        if time.time() - folder.stat().st_mtime > _SCRATCH_SECONDS:
            shutil.rmtree(folder)


def write_record(settings: Settings, record: Record) -> None:
    """Keep a record, whole or not at all."""
    path = _file(settings, record.backfill_id)
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_suffix(".half")
    half.write_text(json.dumps(asdict(record), indent=2, default=str))
    half.replace(path)


def read_record(settings: Settings, name: str) -> Record | None:
    """The record of one backfill, or None."""
    path = _file(settings, name)
    return Record(**json.loads(path.read_text())) if path.exists() else None


def records(settings: Settings) -> list[Record]:
    """Every backfill there was, oldest first."""
    found = [Record(**json.loads(path.read_text())) for path in _folder(settings).glob("*.json")]
    return sorted(found, key=lambda record: record.started_at)


def _scratches(settings: Settings) -> Path:
    return settings.work / "backfills"


def _folder(settings: Settings) -> Path:
    return settings.home / "backfills"


def _file(settings: Settings, name: str) -> Path:
    return _folder(settings) / f"{name}.json"
