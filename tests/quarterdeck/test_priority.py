"""Tasks give way to readers, unless somebody waits for them. In processes of their own: it cannot be taken back."""

import os
import subprocess
import sys

import pytest

from quarterdeck.orchestration import NO_CALENDAR

STANDING = """
import subprocess, sys
from quarterdeck.orchestration import before_task
before_task({})
ask = "import os; print(os.getpriority(os.PRIO_PROCESS, 0))"
sys.stdout.write(subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, check=True).stdout)
"""


@pytest.mark.parametrize(("no_calendar", "behind"), [("", 10), ("1", 0)])
def test_what_goes_by_the_calendar_stands_behind_and_what_somebody_waits_for_does_not(
    no_calendar: str, behind: int
) -> None:
    """The priority of what a task starts, beside our own."""
    given = os.environ | {NO_CALENDAR: no_calendar}
    told = subprocess.run([sys.executable, "-c", STANDING], env=given, capture_output=True, text=True, check=True)
    assert int(told.stdout) == min(os.getpriority(os.PRIO_PROCESS, 0) + behind, 19)
