"""Which partitions (organisation x quarter) must be judged again: those whose ground is not the one last judged."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from expectations.submissions import Submission, all_submissions
from quarterdeck.periods import Quarter
from quarterdeck.settings import PROJECT_ROOT, Settings
from quarterdeck.warehouse import connect

LOADERS = PROJECT_ROOT / "loaders"
EXPECTATIONS = PROJECT_ROOT / "expectations"
# What tools leave beside the code and nobody decided.
LEFT_BY_TOOLS = {"__pycache__", "target", "logs", "dbt_packages"}


@dataclass(frozen=True)
class Partition:
    """An organisation's quarter, with the fingerprint of what it would be judged on."""

    organisation_code: str
    quarter: str
    fingerprint: str


def pending_partitions(settings: Settings) -> list[Partition]:
    """Partitions whose ground is not the one last judged and carried out, by organisation and quarter.

    A partition's ground is its submissions (bytes, status, layout), those of the quarter before, with which its figures
    are compared, and the code that reads, transforms and judges them; a change in any of them asks for a new decision.
    So does a decision that publication has not carried out.
    """
    if not settings.warehouse.exists():
        return []
    with connect(settings, read_only=True) as connection:
        known = {
            (organisation, quarter): fingerprint
            for organisation, quarter, fingerprint in connection.execute(
                "select organisation_code, quarter, fingerprint from gate.decisions"
            ).fetchall()
        }
    settled = json.loads(settings.settled.read_text()) if settings.settled.exists() else {}
    return [
        part
        for part in partitions(settings)
        if not part.fingerprint
        == known.get((part.organisation_code, part.quarter))
        == settled.get(f"{part.organisation_code} {part.quarter}")
    ]


def unmoved(settings: Settings, judged: Sequence[Partition]) -> list[Partition]:
    """Those of the partitions whose ground is still the one they were taken with."""
    now = set(partitions(settings))
    return [part for part in judged if part in now]


def partitions(settings: Settings) -> list[Partition]:
    """Every partition that has a submission, with the fingerprint of its ground as it is now."""
    with connect(settings, read_only=True) as connection:
        submissions = all_submissions(connection)
    code = code_hash(settings)
    grounds = defaultdict(list)
    for submission in submissions:
        grounds[submission.partition].append(submission)
    return [
        Partition(organisation, quarter, fingerprint(ground, grounds.get((organisation, _before(quarter)), []), code))
        for (organisation, quarter), ground in sorted(grounds.items())
    ]


def fingerprint(submissions: list[Submission], before: list[Submission], code: str) -> str:
    """The sha256 of what a partition is judged on: its submissions, those of the quarter before, and the code."""
    ground = [
        sorted((one.submission_id, one.status, one.sha256, one.layout_sha256 or "") for one in quarter)
        for quarter in (submissions, before)
    ]
    return hashlib.sha256(json.dumps([ground, code]).encode()).hexdigest()


def _before(quarter: str) -> str:
    found = Quarter.parse(quarter)
    return str(Quarter(found.fiscal_year - (found.number == 1), (found.number - 2) % 4 + 1))


def code_hash(settings: Settings) -> str:
    """The sha256 of the loaders, the dbt project and the expectations: names and contents."""
    digest = hashlib.sha256()
    for folder in (LOADERS, settings.dbt_project, EXPECTATIONS):
        for path in _files(folder):
            digest.update(f"{folder.name}/{path.relative_to(folder).as_posix()}\0".encode())
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder).parts
        if path.is_file() and not any(part in LEFT_BY_TOOLS or part.startswith(".") for part in inside):
            yield path
