"""What happened to submissions, partitions and versions, told with ids as fields, so that logs can be searched."""

import logging
from typing import Any

import structlog


def tell(source: str, event: str, **fields: Any) -> None:
    """Log an event: as one JSON object among a task's lines, where Airflow has set that up; else as a line of text.

    `source` is the module that tells, `event` a few words that are the same every time.
    """
    if structlog.is_configured():
        structlog.get_logger(source).info(event, **fields)
    else:
        logging.getLogger(source).info("%s: %s", event, fields)
