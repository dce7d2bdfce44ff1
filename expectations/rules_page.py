"""`docs/rules.md`: the rule catalogue as a page, with where each rule is put. `python -m expectations.rules_page`."""

from pathlib import Path

from expectations.across_time import across_time
from expectations.declarations import arithmetic
from expectations.suites import CANDIDATE, SUBMISSIONS, suite
from quarterdeck.rules import Rule, catalogue
from quarterdeck.settings import PROJECT_ROOT

PAGE = PROJECT_ROOT / "docs" / "rules.md"
DIMENSIONS = ("accuracy", "completeness", "consistency", "timeliness", "uniqueness", "validity")
"""The dimensions of the Government Data Quality Framework."""

READER = "the reader"
_JUDGED = {
    "overridden": "people",
    "dbt-test-failed": "the tests of the transformation",
    "dbt-test-warned": "the tests of the transformation",
    "tables-contradict": "reconciliation",
    "tables-disagree": "reconciliation",
    "tables-not-compared": "reconciliation",
    "tables-differ": "reconciliation",
}
_OPENING = """# The rules

Generated from `expectations/rules.yml` and the declarations beside it by `python -m expectations.rules_page`: do not
edit.

What a finding does: an **error** holds its organisation × quarter, whose last published rows stay; a **warning** is
published with a mark, or waits for a named person's approval where the organisation's policy asks for one; **info** is
listed. Each rule carries one dimension of the Government Data Quality Framework.
"""


def places() -> dict[str, list[str]]:
    """Where each rule is put, by its id: what of the gate looks for it."""
    found: dict[str, list[str]] = {}
    for name, where in ((SUBMISSIONS, "the suite for submissions"), (CANDIDATE, "the suite for the candidate")):
        for table in suite(name).tables.values():
            for expectation in table.expectations:
                found.setdefault(expectation.rule, []).append(where)
    declared = arithmetic()
    for rule in (declared.roll_up.rule, declared.rounding_rule, *(one.rule for _, _, one in declared.identities)):
        found.setdefault(rule, []).append("arithmetic")
    over_time = across_time()
    for rule in (over_time.usual.rule, *(one.rule for one in over_time.comparisons)):
        found.setdefault(rule, []).append("comparison across time")
    for rule, where in _JUDGED.items():
        found.setdefault(rule, []).append(where)
    return {rule: list(dict.fromkeys(found.get(rule, [READER]))) for rule in catalogue()}


def rules_page() -> str:
    """The page: the catalogue counted, then a table a dimension."""
    rules, where = catalogue().values(), places()
    counted = ", ".join(
        f"{sum(rule.severity == severity for rule in rules)} {words}"
        for severity, words in (("error", "errors"), ("warning", "warnings"), ("info", "notes"))
    )
    parts = [_OPENING, f"There are {len(rules)}: {counted}.\n"]
    for dimension in DIMENSIONS:
        parts.append(f"## {dimension.capitalize()}\n")
        parts.append("| rule | what holds | severity | who mends it | why it matters | looked for by |")
        parts.append("|---|---|---|---|---|---|")
        parts += [_row(rule, where[rule.id]) for rule in rules if rule.dimension == dimension]
        parts.append("")
    return "\n".join(parts)


def _row(rule: Rule, where: list[str]) -> str:
    cells = (f"`{rule.id}`", rule.title, str(rule.severity), rule.responsibility, rule.why, ", ".join(where))
    return f"| {' | '.join(cells)} |"


def write(page: Path = PAGE) -> None:
    """Write the page anew."""
    page.write_text(rules_page(), encoding="utf-8")


if __name__ == "__main__":
    write()
