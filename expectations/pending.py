"""Which partitions (organisation x quarter) must be judged again: those whose ground is not the one last judged."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from expectations.across_time import across_time
from expectations.approvals import Approval, in_force, recorded
from expectations.store import quarters_before
from expectations.submissions import Submission, all_submissions
from expectations.uncollected import uncollected
from quarterdeck.settings import PROJECT_ROOT, Settings
from quarterdeck.warehouse import connect

if TYPE_CHECKING:
    import duckdb

LOADERS = PROJECT_ROOT / "loaders"
EXPECTATIONS = PROJECT_ROOT / "expectations"
# What tools leave beside the code and nobody decided.
LEFT_BY_TOOLS = {"__pycache__", "target", "logs", "dbt_packages"}
# To look for circles, of which there are none, takes half of its time.
_ENCODER = json.JSONEncoder(check_circular=False)


@dataclass(frozen=True)
class Partition:
    """An organisation's quarter, with the fingerprint of what it would be judged on.

    That is its `ground`, and what people approved of just that; `submitted` is the hash of its submissions alone.
    """

    organisation_code: str
    quarter: str
    fingerprint: str
    ground: str = ""
    submitted: str = ""


def pending_partitions(settings: Settings) -> list[Partition]:
    """Partitions whose ground is not the one last judged and carried out, by organisation and quarter.

    A partition's ground is its submissions (bytes, status, layout), those of the quarters before with which its figures
    are compared, and the code that reads, transforms and judges them; a change in any of them asks for a new decision.
    So do an approval, and a decision that publication has not carried out.
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


@uncollected()
def partitions(settings: Settings) -> list[Partition]:
    """Every partition that has a submission, with the fingerprint of its ground as it is now."""
    with connect(settings, read_only=True) as connection:
        submissions = all_submissions(connection)
    code, approvals, look_back = code_hash(settings), recorded(settings), across_time().look_back
    of_partition = defaultdict(list)
    for submission in submissions:
        of_partition[submission.partition].append(submission)
    states = {key: _sha256(sorted((one.status, *_identity(one)) for one in own)) for key, own in of_partition.items()}
    found = []
    for (organisation, quarter), own in sorted(of_partition.items()):
        before = [states.get((organisation, earlier)) for earlier in quarters_before(quarter, look_back)]
        ground, submitted = _sha256([states[organisation, quarter], before, code]), submitted_of(own)
        approved = [one.approval_id for one in in_force(approvals, ground, submitted)]
        fingerprint = _sha256([ground, approved]) if approved else ground
        found.append(Partition(organisation, quarter, fingerprint, ground, submitted))
    return found


def overrides(settings: Settings, connection: "duckdb.DuckDBPyConnection") -> list[Approval]:
    """The overrides that are about what has been sent for their partition, and nothing since."""
    recorded_ones = [one for one in recorded(settings) if one.rule]
    if not recorded_ones:
        return []
    submissions = all_submissions(connection)
    return [
        one
        for one in recorded_ones
        if one.bound_to == submitted_of([each for each in submissions if each.partition == one.partition])
    ]


def submitted_of(submissions: list[Submission]) -> str:
    """The sha256 of what was sent for a partition, and the layouts it was read with."""
    return _sha256(sorted(map(_identity, submissions)))


def _identity(submission: Submission) -> tuple[str, str, str]:
    return submission.submission_id, submission.sha256, submission.layout_sha256 or ""


def _sha256(document: object) -> str:
    return hashlib.sha256(_ENCODER.encode(document).encode()).hexdigest()


def code_hash(settings: Settings) -> str:
    """The sha256 of the loaders, the dbt project, the expectations and the policy: names and contents."""
    digest = hashlib.sha256(settings.policy.read_bytes())
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
