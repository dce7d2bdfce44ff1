"""For those who run the quarter: what is missing or held and why, what the rules found, what was published before."""

import json
from collections import Counter
from datetime import datetime
from pathlib import Path

from pages.blocks import Block, Cell, Line, Table, blocks, contents
from pages.figures import number, shown, word
from pages.published import MANIFEST_FILE, Published
from quarterdeck.rules import catalogue

_LAST = 20


def operations(published: Published) -> list[Block]:
    """The tables of the operators' page that have rows."""
    marts = {"submissions": published.rows("submissions")}
    found = [
        _held(published),
        *blocks(published, contents()["operations"], marts, lambda row: None),
        _rules(published),
        _publications(published),
    ]
    for place, block in enumerate(found, start=1):
        block.id = f"block-{place}"
    return [block for block in found if not isinstance(block, Table) or block.lines]


def _held(published: Published) -> Table:
    names = {row["organisation_code"]: row["organisation"] for row in published.rows("organisations")}
    rows = [
        (
            f"{names.get(code, code)}, {quarter}",
            [decision["reason"] or "", decision["published_in"] or "nothing published yet"],
        )
        for (code, quarter), decision in sorted(published.decisions.items())
        if decision["decision"] != "published"
    ]
    return _plain("Quarters that are held", "Quarter", ["Why", "Shown instead: figures of"], rows)


def _rules(published: Published) -> Table:
    counted = Counter((row["rule"], row["severity"]) for row in published.rows("data_quality_findings"))
    rules = catalogue()
    rows = [
        (
            rules[rule].title if rule in rules else rule,
            [rule, word(severity), number(count), word(rules[rule].responsibility) if rule in rules else ""],
        )
        for (rule, severity), count in sorted(counted.items(), key=lambda item: (item[0][1], -item[1], item[0][0]))
    ]
    return _plain("What the rules found", "Rule", ["Name", "Severity", "Findings", "Who can mend it"], rows, {2})


def _publications(published: Published) -> Table:
    """This version and those beside it that came before."""
    earlier = [path for path in published.folder.parent.glob(f"v*/{MANIFEST_FILE}") if path.parent != published.folder]
    manifests = [json.loads(path.read_text()) for path in sorted(earlier, key=_number)[-_LAST:]]
    listed = [each for each in manifests if _older(each["version"], published.version)] + [published.manifest]
    rows = [
        (each["version"], [shown(datetime.fromisoformat(each["created_at"])), each["reason"]])
        for each in reversed(listed)
    ]
    return _plain("Last publications", "Version", ["Published", "Why"], rows)


def _plain(
    title: str, heading: str, names: list[str], rows: list[tuple[str, list[str]]], numeric: set[int] | None = None
) -> Table:
    """A table of words that stand in no mart."""
    columns = [(name, name, place in (numeric or ()), False) for place, name in enumerate(names)]
    lines = [
        Line("", Cell("", first), [Cell("", text, place in (numeric or ())) for place, text in enumerate(rest)])
        for first, rest in rows
    ]
    return Table("", "", title, heading, columns, lines, [], [])


def _number(manifest: Path) -> int:
    return int(manifest.parent.name[1:])


def _older(version: str, than: str) -> bool:
    return int(version[1:]) < int(than[1:])
