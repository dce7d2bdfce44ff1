"""A finding: what is wrong, where, who can fix it and how."""

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """What a finding does: an error holds the partition, a warning publishes with a mark, info is listed."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True)
class Finding:
    """One thing found in a submission or in a candidate, in words for the person who can fix it.

    `rule` is an id of the rule catalogue (`expectations/rules.yml`), which also gives the severity, the quality
    dimension and who fixes it. `sheet` and `cell` are empty where the finding is about the whole file.
    """

    rule: str
    severity: Severity
    responsibility: str
    message: str
    remedy: str = ""
    sheet: str | None = None
    cell: str | None = None
