"""The runbook for a data root that is gone, done as it is written: every version and every approval is there again.

The other runbooks are done on the server's stack, in test_production_stack.
"""

import os
import re
import shutil
import subprocess
from pathlib import Path

import duckdb
import pytest

from expectations.approvals import record, recorded
from expectations.pending import Partition
from quarterdeck.settings import PROJECT_ROOT, Settings
from tests import pipeline
from tests.e2e.conftest import program

pytestmark = [pytest.mark.e2e, pytest.mark.long]

RUNBOOK = PROJECT_ROOT / "docs" / "runbooks" / "restore.md"


def commands(heading: str) -> str:
    """The commands below a heading of the runbook."""
    found = re.search(rf"^## {heading}$.*?^```sh$(.*?)^```$", RUNBOOK.read_text(), re.MULTILINE | re.DOTALL)
    assert found
    return found[1]


def marts(settings: Settings) -> list[tuple[object, ...]]:
    with duckdb.connect(str(settings.published / "current" / "marts.duckdb"), read_only=True) as connection:
        return connection.execute("select * from marts.agency_workforce order by all").fetchall()


def test_a_data_root_that_is_gone(tmp_path: Path, samples: Path) -> None:
    settings, backup = Settings(home=tmp_path / "home"), tmp_path / "backup"
    shutil.copytree(samples / "southampton", settings.landing / "southampton")
    pipeline.run(settings)
    # Of what was sent before, so that it lets nothing pass now.
    approval = record(settings, Partition("E06000045", "2017-18 Q3", "", "other ground"), "A. Person", "By telephone")
    before = marts(settings)
    for name in ("archive", "published", "approvals"):
        shutil.copytree(settings.home / name, backup / name, symlinks=True)
    shutil.rmtree(settings.home)
    settings.home.mkdir()
    told = {"PATH": os.pathsep.join([str(program().parent), os.environ["PATH"]])}
    told |= {"QUARTERDECK_HOME": str(settings.home)}
    done = subprocess.run(
        ["sh", "-eu", "-c", commands("The data root is gone")],
        env=os.environ | told,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert [path.name for path in settings.published.glob("v*")] == ["v00001"]
    assert marts(settings) == before != []
    assert recorded(settings) == [approval]
