"""A setting that means nothing: said by its name, for whoever set it."""

import os
import subprocess
import sys

import pytest


@pytest.mark.parametrize(("name", "value"), [("QUARTERDECK_MEMORY_LIMIT", "banana"), ("QUARTERDECK_BATCH_FILES", "x")])
def test_it_is_said_without_a_traceback(name: str, value: str) -> None:
    told = subprocess.run(
        [sys.executable, "-c", "from quarterdeck.cli import main; main()", "publications", "current"],
        env=os.environ | {name: value},
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode == 2
    assert f"{name} is '{value}'" in told.stderr
    assert "Traceback" not in told.stderr and len(told.stderr.splitlines()) == 1
