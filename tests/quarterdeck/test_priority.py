"""Tasks give way to readers, unless somebody waits for them. In processes of their own: it cannot be taken back."""

import os
import subprocess
import sys

from quarterdeck.orchestration import NO_CALENDAR

STANDING = """
import os, subprocess, sys
from quarterdeck.orchestration import before_task
before_task({})
ask = "import os; print(getattr(os, 'sched_getscheduler', lambda _: None)(0), os.getpriority(os.PRIO_PROCESS, 0))"
sys.stdout.write(subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, check=True).stdout)
"""


def standing(no_calendar: str) -> tuple[str, int]:
    """Scheduler and priority of what a task starts, in an Airflow with or without a calendar."""
    given = os.environ | {NO_CALENDAR: no_calendar}
    told = subprocess.run([sys.executable, "-c", STANDING], env=given, capture_output=True, text=True, check=True)
    scheduler, priority = told.stdout.split()
    return scheduler, int(priority)


def test_a_task_by_the_calendar_runs_when_nobody_else_does() -> None:
    scheduler, priority = standing("")
    assert priority == 19
    if hasattr(os, "SCHED_IDLE"):
        assert scheduler == str(os.SCHED_IDLE)


def test_a_task_that_somebody_waits_for_stays_as_it_is() -> None:
    as_we_are = getattr(os, "sched_getscheduler", lambda _: None)(0)
    assert standing("1") == (str(as_we_are), os.getpriority(os.PRIO_PROCESS, 0))
