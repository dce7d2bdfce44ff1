"""What happened to submissions, partitions and versions, told with ids as fields, so that logs can be searched."""

import logging
import os
from typing import Any

import structlog

IN_A_TASK = "AIRFLOW_CTX_TASK_ID"
"""The variable that Airflow sets where a task runs."""


def tell(source: str, event: str, **fields: Any) -> None:
    """Log an event: as one JSON object among the lines of a task, as a line of text where no task runs.

    `source` is the module that tells, `event` a few words that are the same every time.
    """
    if IN_A_TASK in os.environ:
        structlog.get_logger(source).info(event, **fields)
    else:
        logging.getLogger(source).info("%s: %s", event, fields)
