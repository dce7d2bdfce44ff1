"""Readers go first: a task takes only what of the processors nobody else wants."""

import os

_LEAST = 19


def give_way() -> None:
    """Put this process, and what it starts from here on, behind all others, for good.

    On Linux it runs when a processor would be idle; elsewhere at the least of the usual priorities.
    """
    if hasattr(os, "SCHED_IDLE"):
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    else:
        os.setpriority(os.PRIO_PROCESS, 0, _LEAST)
