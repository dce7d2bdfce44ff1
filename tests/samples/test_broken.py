"""Each broken sample is held for what it shows, and for nothing else."""

import shutil

import pytest
import yaml

from expectations import arithmetic
from loaders.load import load_batches
from loaders.read import read_batch
from loaders.receive import receive
from quarterdeck.settings import PROJECT_ROOT
from quarterdeck.warehouse import connect

BROKEN = PROJECT_ROOT / "samples" / "broken"
EXPECTED = yaml.safe_load((BROKEN / "expected.yml").read_text())


@pytest.mark.parametrize("name", EXPECTED)
def test_a_broken_file_is_held_for_what_it_shows(settings, name):
    organisation, feed, period = EXPECTED[name]["submitted_as"].split("/")
    folder = settings.landing / organisation / feed / period
    folder.mkdir(parents=True)
    shutil.copyfile(BROKEN / name, folder / name)
    loaded = load_batches(
        settings, [read_batch(settings, feed, period, batch) for batch in receive(settings, feed, period)]
    )
    arithmetic.check(settings, loaded.accepted)
    with connect(settings, read_only=True) as connection:
        errors = connection.execute(
            "select rule, severity, sheet, cell from raw.findings where severity = 'error'"
        ).fetchall()
        ((status,),) = connection.execute("select status from raw.submissions").fetchall()
    expected = [
        (found["rule"], found["severity"], found.get("sheet"), found.get("cell")) for found in EXPECTED[name]["expect"]
    ]
    # A finding about a whole table or file has no cell to compare.
    seen = [
        (rule, severity, sheet, cell if any(rule == wanted and at for wanted, _, _, at in expected) else None)
        for rule, severity, sheet, cell in errors
    ]
    assert sorted(seen, key=str) == sorted(expected, key=str)
    assert status == "held"
    (quarantined,) = settings.quarantine.iterdir()
    assert (quarantined / name).read_bytes() == (BROKEN / name).read_bytes()
