"""The DAG that tells people what was published, what is held, and who has not sent what."""

import logging
import os
from typing import Any

from airflow.sdk import CronTriggerTimetable, dag, get_current_context, task

from quarterdeck.orchestration import NO_CALENDAR, NOTICES_DAG, TASK_DEFAULTS

log = logging.getLogger(__name__)

DOC = """
### Tell people

Every quarter of an hour this looks at the current version, and tells of each thing once:

* a new publication, and every partition that is held, with the reason;
* a return that was due and is not there, on the working days that `quarterdeck/deadlines.yml` names: who owes what;
* a quarter whose deadline has passed and which stands as provisional with what is in: who has not sent what.

Notices go to the channels that the environment names: `QUARTERDECK_NOTIFY_WEBHOOK` (an address that takes JSON) and
`QUARTERDECK_NOTIFY_EMAIL` (addresses; the server is the connection `smtp_default`). Where none is set they are only
written to the log. What could not be sent is tried again, and told the next time.
"""


@dag(
    dag_id=NOTICES_DAG,
    description="Tell people of publications, held partitions and missing returns",
    schedule=None if os.environ.get(NO_CALENDAR) else CronTriggerTimetable("*/15 * * * *", timezone="UTC"),
    catchup=False,
    max_active_runs=1,
    is_paused_upon_creation=False,
    default_args=TASK_DEFAULTS,
    tags=["quarterdeck", "notices"],
    doc_md=DOC,
)
def notices() -> None:
    """Wire collect → send."""

    @task
    def collect() -> list[dict[str, str]]:
        from dataclasses import asdict
        from datetime import UTC, datetime

        from publication.notices import notices
        from quarterdeck.settings import Settings

        return [asdict(notice) for notice in notices(Settings(), datetime.now(UTC).date())]

    # One after the other, because each notes that it was told.
    @task(max_active_tis_per_dag=1)
    def send(notice: dict[str, str]) -> None:
        from publication.notices import mark_told
        from quarterdeck.notifiers import notifiers
        from quarterdeck.settings import Settings

        context: Any = get_current_context()
        log.info("%s\n%s", notice["subject"], notice["text"])
        for notifier in notifiers(notice["kind"], notice["subject"], notice["text"]):
            notifier(context)
        mark_told(Settings(), notice["key"])

    send.expand(notice=collect())


notices()
