"""`quarterdeck publications`, `diff` and `rollback`: what was published, what changed, and the way back."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from quarterdeck.cli.output import FOUND, AsJson, emit_json, emit_table, refuse
from quarterdeck.settings import Settings

if TYPE_CHECKING:
    from publication.diff import Diff
    from publication.history import Version
    from publication.manifest import Manifest

_A_VERSION = "v00003, 3 or current"


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.command()(publications)
    app.command()(diff)
    app.command()(rollback)


def publications(
    version: Annotated[str, typer.Argument(help=f"Show this one: {_A_VERSION}.")] = "",
    verify: Annotated[bool, typer.Option("--verify", help="Check every file against its published hash.")] = False,
    as_json: AsJson = False,
) -> None:
    """List the published versions, or show one. With --verify, exit 1 where a file is not as it was published."""
    from publication import history, store
    from publication.manifest import read_manifest

    settings = Settings()
    try:
        names = [store.resolve(settings, version)] if version else store.versions(settings)
        if verify:
            _show_verification({name: history.verify(settings, name) for name in names}, as_json)
        elif version:
            _show_version(read_manifest(settings, names[0]), as_json)
        else:
            _show_versions(history.published_versions(settings), as_json)
    except store.PublicationError as error:
        refuse(str(error))


def diff(
    old: Annotated[str, typer.Argument(help=f"The earlier version: {_A_VERSION}.")],
    new: Annotated[str, typer.Argument(help=f"The later version: {_A_VERSION}.")],
    limit: Annotated[int, typer.Option(help="Rows to list a mart; counts are always complete.", min=0)] = 20,
    as_json: AsJson = False,
) -> None:
    """Show what differs between two versions: rows and values of every mart, by key."""
    from publication.diff import diff as compare
    from publication.store import PublicationError

    try:
        found = compare(Settings(), old, new, limit)
    except PublicationError as error:
        refuse(str(error))
    if as_json:
        emit_json(asdict(found))
    else:
        _show_diff(found)


def rollback(
    version: Annotated[str, typer.Argument(help=f"The version to go back to: {_A_VERSION}.")],
    reason: Annotated[str, typer.Option(help="Why; it is recorded in the new version.")],
    as_json: AsJson = False,
) -> None:
    """Publish the content of an earlier version again, as a new version; nothing that was published is touched."""
    from functools import partial

    from pages.build import add_site
    from publication import history
    from publication.store import PublicationError

    try:
        result = history.rollback(Settings(), version, reason, partial(add_site, Settings()))
    except PublicationError as error:
        refuse(str(error))
    if as_json:
        emit_json(asdict(result))
    elif result.changed:
        typer.echo(f"Published {result.version}, which repeats {version}.")
    else:
        typer.echo(f"{result.version} has that content already; nothing was published.")


def _show_versions(versions: "list[Version]", as_json: bool) -> None:
    if as_json:
        emit_json([asdict(version) for version in versions])
    elif versions:
        rows = [
            {
                "version": version.version + (" (current)" if version.current else ""),
                "published": f"{version.created_at:%Y-%m-%d %H:%M} UTC",
                "rows": version.rows,
                "reason": version.reason,
            }
            for version in versions
        ]
        emit_table(rows)
    else:
        typer.echo("Nothing has been published yet.")


def _show_version(manifest: "Manifest", as_json: bool) -> None:
    if as_json:
        emit_json(manifest.model_dump(mode="json"))
        return
    typer.echo(f"{manifest.version}, published {manifest.created_at:%Y-%m-%d %H:%M} UTC: {manifest.reason}")
    marts = [
        {"mart": name, "rows": mart.rows, "content": mart.content_sha256[:12]} for name, mart in manifest.marts.items()
    ]
    emit_table(marts, "Marts")
    partitions = [
        {
            "partition": partition.name,
            "decision": partition.decision,
            "figures": partition.data_status,
            "rows of": partition.published_in or "none yet",
            "reason": partition.reason,
        }
        for partition in manifest.partitions
    ]
    emit_table(partitions, "Partitions")


def _show_verification(problems: dict[str, list[str]], as_json: bool) -> None:
    """Print what is damaged, if anything, and end with the exit code for it."""
    if as_json:
        emit_json(problems)
    else:
        for version, found in problems.items():
            for line in found or [f"{version} is as it was published"]:
                typer.echo(line)
    if any(problems.values()):
        raise typer.Exit(FOUND)


def _show_diff(found: "Diff") -> None:
    if found.same:
        typer.echo(f"{found.old} and {found.new} have the same content.")
        return
    for word, names in (("new", found.marts_added), ("no longer there", found.marts_removed)):
        if names:
            typer.echo(f"Marts {word} in {found.new}: {', '.join(names)}")
    columns = ("mart", "rows_added", "rows_removed", "rows_changed", "values_changed")
    counts = [{column: getattr(mart, column) for column in columns} for mart in found.marts]
    emit_table(counts, f"From {found.old} to {found.new}")
    for mart in found.marts:
        for word, names in (("new", mart.columns_added), ("no longer there", mart.columns_removed)):
            if names:
                typer.echo(f"{mart.mart}: columns {word} in {found.new}: {', '.join(names)}")
        for sign, rows in (("+", mart.added), ("-", mart.removed)):
            for row in rows:
                typer.echo(f"{mart.mart} {sign} {_plain(row)}")
        for change in mart.changed:
            value = f"{change['column_name']}: {_plain(change['old_value'])} -> {_plain(change['new_value'])}"
            typer.echo(f"{mart.mart} {_plain(change['key'])} {value}")


def _plain(value: object) -> str:
    """A value or mapping in words that need no brackets."""
    if isinstance(value, dict):
        return ", ".join(f"{name} {_plain(item)}" for name, item in value.items() if item is not None)
    return "blank" if value is None else str(value)
