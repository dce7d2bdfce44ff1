"""Letting a partition pass: what may be approved or overridden, by whom it was, and that it is judged again."""

from expectations.approvals import Approval, in_force, is_overridable, record, recorded
from expectations.audit import AWAITING
from expectations.pending import Partition, partitions
from expectations.store import rows
from quarterdeck.rules import catalogue
from quarterdeck.settings import Settings
from quarterdeck.standing import HELD
from quarterdeck.warehouse import connect


class NotApprovableError(ValueError):
    """What somebody wants to let pass cannot be; the message says why and what to do."""


def approve(
    settings: Settings, organisation_code: str, quarter: str, *, by: str, reason: str, override: str | None = None
) -> Approval:
    """Record that a named person lets a partition's warnings pass or, with `override`, the errors of one rule.

    The partition is pending afterwards, and the gate takes the record into account when it judges it again. Reads the
    build file, so nobody may be writing to it.

    Raises NotApprovableError where there is nothing of the kind to let pass, where the partition is no longer what was
    judged, and where a name or a reason is missing.
    """
    by, reason = by.strip(), reason.strip()
    if not by or not reason:
        raise NotApprovableError("An approval needs the name of a person and a reason.")
    partition = _as_judged(settings, organisation_code, quarter, HELD if override else AWAITING)
    if override:
        _check_override(settings, partition, override)
    return record(settings, partition, by, reason, override)


def awaiting(settings: Settings) -> list[tuple[Partition, str]]:
    """The partitions that wait for somebody's approval as they are now, with the reason."""
    reasons = {(part["organisation_code"], part["quarter"]): part for part in _decisions(settings)}
    if not reasons:
        return []
    return [
        (part, known["reason"])
        for part in partitions(settings)
        for known in [reasons.get((part.organisation_code, part.quarter))]
        if known and known["decision"] == AWAITING and known["fingerprint"] == part.fingerprint
    ]


def _as_judged(settings: Settings, organisation_code: str, quarter: str, decision: str) -> Partition:
    """The partition, which must be as it was when the gate decided so on it."""
    name = f"{organisation_code} {quarter}"
    judged = {(row["organisation_code"], row["quarter"]): row for row in _decisions(settings)}
    known = judged.get((organisation_code, quarter))
    if known is None:
        raise NotApprovableError(f"{name} has not been judged. There is nothing to approve.")
    if known["decision"] != decision:
        raise NotApprovableError(f"{name} is {known['decision']}, not {decision}: {known['reason']}")
    for part in partitions(settings):
        if (part.organisation_code, part.quarter) != (organisation_code, quarter):
            continue
        if part.fingerprint == known["fingerprint"]:
            return part
        if said := _said_since(settings, part):
            raise NotApprovableError(
                f"{said.approved_by} let {name} pass already, on {said.approved_at[:10]}: {said.reason}. "
                "`quarterdeck run` judges it again; then see what is left."
            )
    raise NotApprovableError(f"{name} has changed since it was judged. Run `quarterdeck run`, and look at it again.")


def _said_since(settings: Settings, part: Partition) -> Approval | None:
    """What somebody let pass of just this partition after it was judged; the last, where it was several."""
    with connect(settings, read_only=True) as connection:
        taken = {row["approval_id"] for row in rows(connection, "select approval_id from gate.approvals")}
    about = [one for one in recorded(settings) if one.partition == (part.organisation_code, part.quarter)]
    since = [one for one in in_force(about, part.ground, part.submitted) if one.approval_id not in taken]
    return since[-1] if since else None


def _check_override(settings: Settings, partition: Partition, rule: str) -> None:
    if rule not in catalogue():
        raise NotApprovableError(f"'{rule}' is not a rule; docs/rules.md lists them.")
    with connect(settings, read_only=True) as connection:
        stages = {
            row["stage"]
            for row in rows(
                connection,
                "select stage from raw.findings where organisation_code = ? and quarter = ? and rule = ?"
                " and severity = 'error'",
                [partition.organisation_code, partition.quarter, rule],
            )
        }
    if not stages:
        raise NotApprovableError(f"No error of {rule} holds {partition.organisation_code} {partition.quarter}.")
    if "load" in stages:
        raise NotApprovableError(f"{rule} kept a file from being read: there are no figures of it to publish.")
    if not is_overridable(rule):
        raise NotApprovableError(f"{rule} is about the marts, not about what was sent: the data team must mend it.")


def _decisions(settings: Settings) -> list[dict[str, str]]:
    if not settings.warehouse.exists():
        return []
    with connect(settings, read_only=True) as connection:
        return rows(connection, "from gate.decisions")
