"""For those who run the quarter: what is missing or held and why, what the rules found, what was published before."""

import json
from collections import Counter
from datetime import datetime
from pathlib import Path

from pages.blocks import blocks, contents
from pages.figures import label, number, shown, word
from pages.published import MANIFEST_FILE, Published
from pages.tables import Block, Table, plain, words
from quarterdeck.findings import Severity
from quarterdeck.rules import catalogue

_LAST = 20
_WORST_FIRST = [severity.value for severity in Severity]


def operations(published: Published) -> list[Block]:
    """The tables of the operators' page that have rows."""
    marts = {"submissions": published.rows("submissions")}
    found = [
        _held(published),
        *blocks(published, contents()["operations"], marts, lambda row: None),
        _rules(published),
        _publications(published),
        _runs(published),
    ]
    for place, block in enumerate(found, start=1):
        block.id = f"block-{place}"
    return [block for block in found if not isinstance(block, Table) or block.lines]


def _held(published: Published) -> Table:
    names = {row["organisation_code"]: row["organisation"] for row in published.rows("organisations")}
    rows = [
        [f"{names.get(code, code)}, {quarter}", decision["reason"] or "", decision["published_in"] or "nothing yet"]
        for (code, quarter), decision in sorted(published.decisions.items())
        if decision["decision"] != "published"
    ]
    return plain("Quarters that are held", words("Quarter", "Why", "Shown instead: figures of"), rows)


def _rules(published: Published) -> Table:
    # Of a return that was replaced nothing is left to mend.
    open_ones = [row for row in published.rows("data_quality_findings") if not row["superseded"]]
    counted = Counter((row["rule"], row["severity"]) for row in open_ones)
    rules = catalogue()
    rows = [
        [
            rules[rule].title if rule in rules else rule,
            rule,
            word(severity),
            number(count),
            word(rules[rule].responsibility) if rule in rules else "",
        ]
        for (rule, severity), count in sorted(
            counted.items(), key=lambda item: (_WORST_FIRST.index(item[0][1]), -item[1], item[0][0])
        )
    ]
    heads = [*words("Rule", "Name", "Severity"), ("Findings", True), *words("Who can mend it")]
    return plain("What the rules found", heads, rows)


def _publications(published: Published) -> Table:
    """This version and those beside it that came before."""
    beside = [path for path in published.folder.parent.glob(f"v*/{MANIFEST_FILE}") if path.parent != published.folder]
    earlier = [path for path in sorted(beside, key=_number) if _number(path) < int(published.version[1:])]
    rows = [
        [published.version, shown(published.created_at), published.manifest["reason"]],
        *(_publication(path) for path in reversed(earlier[-_LAST:])),
    ]
    return plain("Last publications", words("Version", "Published", "Why"), rows)


def _publication(path: Path) -> list[str]:
    """An earlier version. One whose manifest is damaged keeps no later one from being published."""
    try:
        manifest = json.loads(path.read_text())
        return [path.parent.name, shown(datetime.fromisoformat(manifest["created_at"])), manifest["reason"]]
    except (OSError, ValueError, LookupError, TypeError):
        return [path.parent.name, "", "Its manifest cannot be read."]


def _runs(published: Published) -> Table:
    rows = [
        [
            shown(datetime.fromisoformat(run["started_at"])),
            word(run["stage"]),
            number(run["seconds"]),
            run["failed"] or ", ".join(_counted(count, label(name).lower()) for name, count in run["counts"].items()),
        ]
        for run in reversed(published.manifest.get("runs", []))
    ]
    heads = [*words("Began", "Stage"), ("Seconds", True), *words("Came to")]
    return plain("Run history", heads, rows)


def _counted(count: int, things: str) -> str:
    return f"{number(count)} {things.removesuffix('s') if count == 1 else things}"


def _number(manifest: Path) -> int:
    return int(manifest.parent.name[1:])
