"""What named people let pass: warnings where an organisation's policy asks for approval, and errors they override.

Every record is a file below `approvals/`, beside the archive, so that it outlives the build file; `gate.approvals` has
those that a decision was made with. A record is bound to what was judged and says nothing about anything else.
"""

import hashlib
import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from expectations.store import PlacedFinding
from quarterdeck.rules import catalogue, finding
from quarterdeck.settings import Settings

if TYPE_CHECKING:
    from expectations.pending import Partition

OVERRIDDEN = "overridden"


@dataclass(frozen=True)
class Approval:
    """One person's word on one partition: on its warnings or, where `rule` names one, on the errors of that rule.

    `bound_to` is the hash of what was judged: the partition's ground, or its submissions where a rule is overridden.
    """

    approval_id: str
    organisation_code: str
    quarter: str
    rule: str | None
    bound_to: str
    approved_by: str
    reason: str
    approved_at: str

    @property
    def partition(self) -> tuple[str, str]:
        """Organisation and quarter."""
        return self.organisation_code, self.quarter


def record(settings: Settings, partition: "Partition", by: str, reason: str, rule: str | None = None) -> Approval:
    """Keep somebody's word on a partition as it is now, for good. Whether it may be given is `approve`'s to say."""
    at = datetime.now(UTC).isoformat(timespec="seconds")
    bound_to = partition.submitted if rule else partition.ground
    said = (partition.organisation_code, partition.quarter, rule, bound_to, by, reason, at)
    approval = Approval(hashlib.sha256(json.dumps(said).encode()).hexdigest()[:16], *said)
    folder = settings.approvals / approval.organisation_code / approval.quarter.replace(" ", "-")
    folder.mkdir(parents=True, exist_ok=True)
    partial = folder / f".{approval.approval_id}.partial"
    with partial.open("w", encoding="utf-8") as stream:
        json.dump(asdict(approval), stream, indent=2, ensure_ascii=False)
        stream.flush()
        os.fsync(stream.fileno())
    partial.chmod(0o444)
    partial.replace(folder / f"{approval.approval_id}.json")
    return approval


def recorded(settings: Settings) -> list[Approval]:
    """Everything that was ever approved or overridden, oldest first."""
    files = settings.approvals.glob("*/*/*.json")
    found = [Approval(**json.loads(path.read_text(encoding="utf-8"))) for path in files]
    return sorted(found, key=lambda one: (one.approved_at, one.approval_id))


def in_force(approvals: Iterable[Approval], ground: str, submitted: str) -> list[Approval]:
    """Those that are about this ground and these submissions; a new submission voids them all."""
    return [one for one in approvals if one.bound_to == (submitted if one.rule else ground)]


def with_overrides(found: Iterable[PlacedFinding], approvals: Iterable[Approval]) -> list[PlacedFinding]:
    """The findings, with those that somebody overrode as findings of rule `overridden`, which hold nothing."""
    overrides = {(*one.partition, one.rule): one for one in approvals if one.rule}
    return [
        _overridden(placed, overrides.get((placed.organisation_code, placed.quarter, placed.finding.rule)))
        for placed in found
    ]


def is_overridable(rule: str) -> bool:
    """Whether people may decide that an error of this rule does not count: only what a sender says of itself."""
    return catalogue()[rule].responsibility == "sender"


def _overridden(placed: PlacedFinding, override: Approval | None) -> PlacedFinding:
    if override is None or not is_overridable(placed.finding.rule):
        return placed
    said = placed.finding
    words = f"{said.message} {override.approved_by} let it pass on {override.approved_at[:10]} ({said.rule}): "
    return replace(
        placed,
        finding=finding(OVERRIDDEN, f"{words}{override.reason}", remedy=said.remedy, sheet=said.sheet, cell=said.cell),
    )
