"""Readers go first: a task takes only what of the processors nobody else wants."""

import os
from contextlib import suppress

_LEAST = 19


def give_way() -> None:
    """Put this process, and what it starts from here on, behind all others, for good.

    It has the least of the usual priorities; where Linux lets it, it runs only when a processor would be idle.
    """
    os.setpriority(os.PRIO_PROCESS, 0, _LEAST)
    if hasattr(os, "SCHED_IDLE"):
        with suppress(PermissionError):
            os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
