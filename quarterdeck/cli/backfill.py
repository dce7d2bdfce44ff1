"""`quarterdeck backfill` and `backfills`: process a range of quarters again, and what was processed so."""

import getpass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from quarterdeck.cli.output import DONE, FOUND, AsJson, emit_json, emit_table, refuse

if TYPE_CHECKING:
    from quarterdeck.backfills import Record
    from quarterdeck.settings import Settings


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.command()(backfill)
    app.command(short_help="List the backfills there were, and what came of them.")(backfills)


def backfill(
    first: Annotated[str, typer.Option("--from", help="The first quarter, as 2017-18Q2.")],
    last: Annotated[str, typer.Option("--to", help="The last quarter, as 2018-19Q2.")],
    organisation: Annotated[str | None, typer.Option(help="This organisation alone, by name or code.")] = None,
    feed: Annotated[str | None, typer.Option(help="This feed alone.")] = None,
    layout_version: Annotated[
        str | None, typer.Option(help="Only files last read with this layout: name, or name@start of its sha256.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run/--run", help="Say what would change and change nothing, or do it.")
    ] = True,
    as_json: AsJson = False,
) -> None:
    """Process a range of quarters again, from the archive. Without --run it only says what would change.

    The DAG `backfill` does the work, as it does from Airflow's form. Exit code 1 where a partition is held, or a task
    failed.
    """
    import httpx

    from quarterdeck.backfills import BackfillError, Request
    from quarterdeck.cli.run import in_words
    from quarterdeck.local_airflow.instance import AirflowError
    from quarterdeck.settings import Settings

    settings = Settings()
    try:
        Request.parse(settings, first, last, organisation, feed, layout_version)
    except BackfillError as error:
        refuse(str(error))
    conf: dict[str, Any] = {
        "from": first,
        "to": last,
        "organisation": organisation,
        "feed": feed or "all",
        "layout_version": layout_version,
        "dry_run": dry_run,
    }
    if not settings.airflow_url:
        # Everybody is the same user of a local Airflow.
        conf["by"] = getpass.getuser()
    try:
        record = _drive(settings, conf)
    except AirflowError as error:
        refuse(str(error))
    except httpx.HTTPError as error:
        refuse(in_words(error, settings))
    if as_json:
        emit_json(record)
    else:
        _show(record)
    held = [each for each in record["partitions"] if each["decision"] == "held"]
    raise typer.Exit(FOUND if held else DONE)


def backfills(as_json: AsJson = False) -> None:
    """List the backfills there were: who, when, which range, what came of it."""
    from quarterdeck.backfills import records
    from quarterdeck.settings import Settings

    found = records(Settings())
    if as_json:
        emit_json([record.summary for record in found])
    elif found:
        emit_table([_row(record) for record in found])
    else:
        typer.echo("There was no backfill yet.")


def _drive(settings: "Settings", conf: dict[str, Any]) -> dict[str, Any]:
    """Run the DAG to its end and return its record's summary. Ends with exit code 1 where it failed."""
    from quarterdeck.cli.run import airflow, progress, refuse_paused
    from quarterdeck.local_airflow.client import now
    from quarterdeck.local_airflow.follow import follow
    from quarterdeck.orchestration import BACKFILL_DAG

    with airflow(settings) as client:
        refuse_paused(client, [BACKFILL_DAG])
        since = now()
        run_id = client.trigger(BACKFILL_DAG, None, conf)
        with progress() as tell:
            followed = follow(client, since, tell)
        result: dict[str, Any] | None = client.returned(BACKFILL_DAG, run_id, "finish")
        if result is None:
            for task in followed.failed:
                typer.echo(f"Failed: {task.run}, task {task.name}. Its log ends:", err=True)
                typer.echo("\n".join(f"    {line}" for line in client.log_tail(task.row)), err=True)
            if not followed.failed:
                typer.echo(f"{run_id} was stopped, or marked as ended, before it was done. Run it again.", err=True)
            raise typer.Exit(FOUND)
    return result


def _row(record: "Record") -> dict[str, Any]:
    request = record.request
    what = [request[name] for name in ("organisation_code", "feed", "layout_version") if request[name]]
    return {
        "started": record.started_at,
        "by": record.by,
        "range": f"{request['from']} to {request['to']}",
        "of": ", ".join(str(each) for each in what) or "everything",
        "kind": "dry run" if record.dry_run else "run",
        "state": record.state,
        "figures": record.figures_changed,
        "version": record.version,
    }


def _show(record: dict[str, Any]) -> None:
    """Print a result for people: what changed, or would."""
    would = "would change" if record["dry_run"] else "changed"
    changed = [
        {"submission": each["submission_id"], "file": each["file_name"], "rows": each["rows_loaded"]}
        for each in record["submissions"]
        if each["changed"]
    ]
    typer.echo(f"Submissions read again: {len(record['submissions'])}, of which {len(changed)} {would}.")
    for rows, title in (
        (changed, f"Submissions that {would}"),
        (record["partitions"], "Partitions decided on again"),
        (record["marts"], "Marts, by rows and values"),
    ):
        if rows:
            emit_table(rows, title)
    figures = [
        {name: each[name] for name in ("mart", "organisation_code", "quarter", "key", "column_name")}
        | {"old": each["old_value"], "new": each["new_value"], "reason": each["reason"]}
        for each in record["figures"]
    ]
    listed = f", of which the first {len(figures)} are listed" if len(figures) < record["figures_changed"] else ""
    typer.echo(f"Figures that {would}: {record['figures_changed']}{listed}.")
    if figures:
        emit_table(figures)
    if record["dry_run"]:
        typer.echo("Nothing was changed. Add --run to do it.")
    elif record["version"]:
        typer.echo(f"{record['version']} is published.")
    else:
        typer.echo("Everything published stays as it is.")
