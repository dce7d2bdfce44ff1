"""The library of broken files: of each the right verdict, with every finding in its right cell and no other."""

from collections import Counter, defaultdict
from decimal import Decimal
from pathlib import Path

import pytest
import yaml

from expectations import arithmetic
from loaders.load import load_batches
from loaders.read import read_batch
from loaders.receive import due, receive
from quarterdeck.rules import catalogue
from quarterdeck.settings import Settings
from quarterdeck.warehouse import connect
from tests.loaders.workbooks import build

LIBRARY = Path(__file__).with_name("library")
LAYOUTS, BASES, CASES = (
    yaml.safe_load((LIBRARY / f"{name}.yml").read_text(encoding="utf-8")) for name in ("layouts", "bases", "cases")
)
FIGURES = """
    select submission_id, coalesce(project, portfolio) || '.target', target, target_scale from raw.project_status
    union all select submission_id, coalesce(project, portfolio) || '.at_risk', at_risk, at_risk_scale
    from raw.project_status
    union all select submission_id, coalesce(project, portfolio) || '.net_at_risk', net_at_risk, net_at_risk_scale
    from raw.project_status
    union all select submission_id, measure || '.' || month, value, value_scale from raw.agency
    union all select submission_id, component || '.' || savings_year, value, value_scale from raw.savings
    union all select submission_id, indicator || '.' || measure, value, value_scale from raw.indicator
"""


@pytest.fixture(scope="module")
def loaded(tmp_path_factory):
    """Every file of the library read, loaded and checked at once: findings, status and figures by the file's name."""
    folder = tmp_path_factory.mktemp("library")
    (folder / "layouts").mkdir()
    settings = Settings(home=folder / "home", layouts=folder / "layouts")
    for name, layout in LAYOUTS.items():
        (settings.layouts / f"{name}.yml").write_text(yaml.safe_dump({"layout": name} | layout, sort_keys=False))
    for name, case in CASES.items():
        base = BASES[case["base"]]
        place = settings.landing / case.get("submitted_as", base["submitted_as"])
        place.mkdir(parents=True, exist_ok=True)
        build(place / name, base, case)
    accepted = []
    for feed, period in due(settings):
        batches = [read_batch(settings, feed, period, batch) for batch in receive(settings, feed, period)]
        accepted += load_batches(settings, batches).accepted
    arithmetic.check(settings, accepted)
    with connect(settings, read_only=True) as connection:
        submissions = connection.execute("select submission_id, file_name, status from raw.submissions").fetchall()
        # All files are of a few returns, and taken together.
        findings = connection.execute(
            "select submission_id, rule, severity, sheet, cell from raw.findings where rule <> 'return-sent-twice'"
        ).fetchall()
        figures = connection.execute(FIGURES).fetchall()
    found, read = defaultdict(list), defaultdict(dict)
    for submission_id, *finding in findings:
        found[submission_id].append(tuple(finding))
    for submission_id, figure, value, scale in figures:
        assert figure not in read[submission_id], f"{submission_id}: {figure} was loaded twice"
        if value is not None:
            read[submission_id][figure] = value * scale
    return {
        Path(file_name).stem: (status, found[submission_id], read[submission_id])
        for submission_id, file_name, status in submissions
    }


def test_the_library_is_as_large_as_it_should_be():
    broken = [name for name, case in CASES.items() if case.get("expect")]
    assert len(broken) >= 100
    rules = {found["rule"] for case in CASES.values() for found in case.get("expect", ())}
    assert len(rules) >= 35


@pytest.mark.parametrize("name", CASES)
def test_a_file_is_judged_for_what_it_shows_and_for_nothing_else(loaded, name):
    case = CASES[name]
    status, findings, figures = loaded[name]
    expected = [
        (found["rule"], catalogue()[found["rule"]].severity.value, found.get("sheet"), found.get("cell"))
        for found in case.get("expect", ())
    ]
    assert Counter(findings) == Counter(expected)
    # A file that nobody recognised is superseded by those that come after it.
    assert (status == "accepted") != any(severity == "error" for _, severity, *_ in expected)
    if status == "accepted":
        wanted = loaded[_without_fault(case["base"])][2]
        changed = {figure: None if value is None else Decimal(value) for figure, value in case.get("reads", {}).items()}
        assert figures == {figure: value for figure, value in (wanted | changed).items() if value is not None}
        assert figures


def _without_fault(base):
    return next(name for name, case in CASES.items() if case == {"base": base})
