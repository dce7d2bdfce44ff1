"""The rule catalogue: what each rule is about, how severe it is, who fixes it. Data in `expectations/rules.yml`."""

from dataclasses import dataclass
from functools import cache

from quarterdeck.declared import read_yaml
from quarterdeck.findings import Finding, Severity
from quarterdeck.settings import PROJECT_ROOT

RULES_FILE = PROJECT_ROOT / "expectations" / "rules.yml"


@dataclass(frozen=True)
class Rule:
    """One rule of the catalogue; `dimension` is one of the Government Data Quality Framework's six."""

    id: str
    title: str
    severity: Severity
    dimension: str
    responsibility: str
    why: str


@cache
def catalogue() -> dict[str, Rule]:
    """Every rule by its id."""
    declared = read_yaml(RULES_FILE)
    return {
        rule_id: Rule(
            rule_id, body["title"], Severity(body["severity"]), body["dimension"], body["responsibility"], body["why"]
        )
        for rule_id, body in declared.items()
    }


def finding(
    rule_id: str, message: str, *, remedy: str = "", sheet: str | None = None, cell: str | None = None
) -> Finding:
    """A finding under a rule of the catalogue, which gives its severity and who fixes it.

    Raises KeyError for a rule that the catalogue does not have.
    """
    rule = catalogue()[rule_id]
    return Finding(rule.id, rule.severity, rule.responsibility, message, remedy, sheet, cell)
