"""Which partitions (organisation x quarter) must be judged again: those whose ground is not the one last judged."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from expectations.submissions import Submission, all_submissions
from quarterdeck.settings import PROJECT_ROOT, Settings
from quarterdeck.warehouse import RECORDS_FILE, connect

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
    """Partitions that have a submission and were not judged yet as they are now, by organisation and quarter.

    A partition's ground is its submissions (bytes, status, layout) and the code of the transformation and of the
    expectations; a change in any of them asks for a new decision.
    """
    if not settings.warehouse.exists():
        return []
    with connect(settings, read_only=True) as connection:
        submissions = all_submissions(connection)
        known = {
            (organisation, quarter): fingerprint
            for organisation, quarter, fingerprint in connection.execute(
                "select organisation_code, quarter, fingerprint from gate.decisions"
            ).fetchall()
        }
    code = code_hash(settings)
    grounds = defaultdict(list)
    for submission in submissions:
        grounds[submission.partition].append(submission)
    partitions = [Partition(*key, fingerprint(ground, code)) for key, ground in sorted(grounds.items())]
    return [part for part in partitions if known.get((part.organisation_code, part.quarter)) != part.fingerprint]


def fingerprint(submissions: list[Submission], code: str) -> str:
    """The sha256 of what a partition is judged on."""
    ground = sorted((one.submission_id, one.status, one.sha256, one.layout_sha256 or "") for one in submissions)
    return hashlib.sha256(json.dumps([ground, code]).encode()).hexdigest()


def code_hash(settings: Settings) -> str:
    """The sha256 of the dbt project, the expectations and the declared records: names and contents."""
    digest = hashlib.sha256()
    for folder in (settings.dbt_project, EXPECTATIONS):
        for path in _files(folder):
            digest.update(f"{folder.name}/{path.relative_to(folder).as_posix()}\0".encode())
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    digest.update(RECORDS_FILE.read_bytes())
    return digest.hexdigest()


def _files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder).parts
        if path.is_file() and not any(part in LEFT_BY_TOOLS or part.startswith(".") for part in inside):
            yield path
