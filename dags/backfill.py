"""The DAG that processes a range of quarters again, from the archive; by default only to say what would change."""

import logging
from collections.abc import Collection, Iterable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow.sdk import Param, dag, get_current_context, task
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

from quarterdeck.feeds import FEEDS
from quarterdeck.orchestration import ANALYST, BACKFILL_DAG, POOL, TASK_DEFAULTS
from quarterdeck.retries import IfItMayPass

if TYPE_CHECKING:
    from quarterdeck.settings import Settings

DOC = """
### Process a range of quarters again

Press **Trigger**, fill in the form, and leave **dry run** on the first time: the run then says what would change,
and changes nothing. It is the real work done in a copy of the data, so what it says is what the run would do.

Files are read from the archive, as they were received, with the layouts as they are now. Only the partitions
(organisation × quarter) of the range, and the quarter after each, which is compared with it, are decided on; every
other published row stays as it is. Running the same backfill twice changes nothing the second time.

* **begin** finds the files and notes how everything stands;
* **read**, **load** and **check** do with them what the `ingest_` DAGs do with new files;
* **publish** builds, judges and publishes what they changed;
* **finish** compares, and keeps the record. Its *XCom* and its log hold the result: submissions, partitions, figures.

Where a task failed, mend the cause and clear it: the run goes on from there.
"""

log = logging.getLogger(__name__)

MAY_START: dict[str, dict[str, Collection[str]]] = {
    ANALYST: {"DAGs": {"can_read", "can_edit"}, "DAG Runs": {"can_create"}}
}

ALL = "all"
QUARTER = r"^\d{4}-\d{2} ?[Qq][1-4]$"


@dag(
    dag_id=BACKFILL_DAG,
    description="Process a range of quarters again, from the archive: a dry run first",
    schedule=None,
    catchup=False,
    max_active_runs=1,
    is_paused_upon_creation=False,
    default_args=TASK_DEFAULTS | {"retry_policy": IfItMayPass()},
    tags=["quarterdeck", "backfill"],
    # What an analyst may do beyond looking; an auth manager that knows no roles of its own passes over it.
    access_control=MAY_START,
    doc_md=DOC,
    params={
        "from": Param("", type="string", title="From", pattern=QUARTER, description="First quarter, as 2017-18 Q2."),
        "to": Param("", type="string", title="To", pattern=QUARTER, description="Last quarter, as 2018-19 Q2."),
        "organisation": Param(
            None, type=["null", "string"], title="Organisation", description="Its name or code; empty for all."
        ),
        "feed": Param(
            ALL,
            type="string",
            enum=[ALL, *(feed.name for feed in FEEDS)],
            title="Feed",
            description="One kind of return.",
        ),
        "layout_version": Param(
            None,
            type=["null", "string"],
            title="Layout",
            description="Only files last read with this layout: its name, or name@start of its hash; empty for all.",
        ),
        "dry_run": Param(
            True, type="boolean", title="Dry run", description="Say what would change, and change nothing."
        ),
    },
)
def backfill() -> None:
    """Wire begin → read → load → check → publish → finish → serve."""

    @task(pool=POOL)
    def begin() -> list[dict[str, Any]]:
        from datetime import UTC, datetime

        from expectations.concerned import decisions
        from loaders.reread import batches, chosen, copy_for_dry_run, standing
        from publication.reprocessed import borrow_current
        from publication.store import current
        from quarterdeck.backfills import (
            BackfillError,
            Record,
            Request,
            forget_old_scratches,
            read_record,
            write_record,
        )
        from quarterdeck.settings import Settings

        settings, context = Settings(), get_current_context()
        name, words = _name(), context["params"]
        feed = None if words["feed"] == ALL else words["feed"]
        try:
            request = Request.parse(
                settings, words["from"], words["to"], words["organisation"], feed, words["layout_version"]
            )
        except BackfillError as error:
            raise AirflowFailException(str(error)) from error
        found = chosen(settings, request)
        if not found:
            raise AirflowFailException(f"Nothing was received that fits: {_in_words(request.words)}.")
        if words["dry_run"]:
            forget_old_scratches(settings)
            copy_for_dry_run(settings, _data(), found)
            borrow_current(settings, _data())
        # A run that is begun again compares with what was there before it first began.
        if read_record(settings, name) is None:
            receipt_ids = [receipt.receipt_id for receipt in found]
            before = {"submissions": standing(settings, receipt_ids), "partitions": decisions(settings)}
            started = datetime.now(UTC).isoformat(timespec="seconds")
            record = Record(name, words["dry_run"], _who(), request.words, started, receipt_ids, before)
            record.version_before = current(settings)
            write_record(settings, record)
        return batches(settings, found)

    @task(map_index_template="{{ batch }}")
    def read(batch: dict[str, Any]) -> str:
        from loaders.read import read_batch

        context: Any = get_current_context()
        context["batch"] = f"{batch['feed']} {batch['period']}, files: {len(batch['receipt_ids'])}"
        return read_batch(_data(), **batch)

    @task(pool=POOL)
    def load(folders: Iterable[str]) -> list[str]:
        from loaders.load import load_batches

        loaded = load_batches(_data(), list(folders))
        return loaded.accepted + loaded.held

    @task(pool=POOL)
    def check(submission_ids: list[str]) -> list[str]:
        from expectations.arithmetic import check

        check(_data(), submission_ids)
        return submission_ids

    @task(pool=POOL, execution_timeout=timedelta(hours=2))
    def publish(submission_ids: list[str]) -> dict[str, Any]:
        from dataclasses import asdict
        from functools import partial

        from expectations.audit import audit
        from expectations.concerned import concerned
        from pages.build import add_site
        from publication.publish import publish
        from transform.candidate import build

        # In one go, so that no other run builds another candidate in between.
        data = _data()
        partitions = concerned(data, submission_ids)
        if not partitions:
            return {"changed": False}
        build(data, [partition.organisation_code for partition in partitions])
        audit(data, partitions)
        return asdict(publish(data, before_release=partial(add_site, data)))

    @task(pool=POOL)
    def finish(published: dict[str, Any]) -> dict[str, Any]:
        from datetime import UTC, datetime
        from shutil import rmtree

        from expectations.concerned import decisions
        from loaders.reread import standing
        from publication.reprocessed import changed_by
        from quarterdeck.backfills import read_record, write_record
        from quarterdeck.settings import Settings

        settings, data = Settings(), _data()
        record = read_record(settings, _name())
        assert record is not None, "begin writes the record"
        if record.dry_run and record.ended_at and not data.home.exists():
            # Nothing is left to compare with: somebody cleared this task, or it was killed when all was done.
            return record.summary
        record.compare(standing(data, record.receipt_ids), decisions(data))
        changed = changed_by(data, published["version"]) if published["changed"] else {}
        record.marts, record.figures = changed.get("marts", []), changed.get("figures", [])
        record.figures_changed = changed.get("figures_changed", 0)
        record.version = published["version"] if published["changed"] and not record.dry_run else None
        record.ended_at = datetime.now(UTC).isoformat(timespec="seconds")
        write_record(settings, record)
        if record.dry_run:
            rmtree(data.home)
        for line in record.lines:
            log.info("%s", line)
        return record.summary

    @task
    def serve() -> dict[str, Any]:
        from dataclasses import asdict

        from publication.postgres import serve
        from quarterdeck.settings import Settings

        if get_current_context()["params"]["dry_run"] or Settings().postgres is None:
            raise AirflowSkipException(
                "A dry run publishes nothing, and without QUARTERDECK_POSTGRES no server is named."
            )
        return asdict(serve(Settings()))

    # A task's argument is another task's result to come.
    finish(publish(check(load(read.expand(batch=begin()))))) >> serve()  # type: ignore[arg-type]


def _name() -> str:
    """The name of the backfill under way."""
    from quarterdeck.backfills import backfill_id

    return backfill_id(get_current_context()["dag_run"].run_id)


def _data() -> "Settings":
    """The data root that the run under way works on: the real one, or the copy of a dry run."""
    from quarterdeck.backfills import scratch
    from quarterdeck.settings import Settings

    return scratch(Settings(), _name()) if get_current_context()["params"]["dry_run"] else Settings()


def _who() -> str:
    """Who started the run: the user who signed in, and whom the command line names."""
    run: Any = get_current_context()["dag_run"]
    told = (run.conf or {}).get("by")
    user = run.triggering_user_name or "nobody signed in"
    return f"{told} (as {user})" if told else user


def _in_words(words: dict[str, str | None]) -> str:
    return ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in words.items() if value)


backfill()
