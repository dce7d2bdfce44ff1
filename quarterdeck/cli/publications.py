"""`quarterdeck publications`, `diff`, `rollback`, `gc`, `serve`: versions, what differs, the way back, where to."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from quarterdeck.cli.output import FOUND, AsJson, emit_json, emit_table, refuse

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from publication.diff import Diff
    from publication.history import Version
    from publication.manifest import Manifest

_NOTHING = "Nothing has been published yet."
_A_VERSION = "v00003, 3, current, or a day (2018-11-05)"


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.command()(publications)
    app.command(short_help="Show what differs between two versions, and why.")(diff)
    app.command(short_help="Publish the content of an earlier version again.")(rollback)
    app.command(short_help="Say which versions may go by the policy, or remove them.")(gc)
    app.command(short_help="Bring a version to a Postgres server.")(serve)


def publications(
    version: Annotated[str, typer.Argument(help=f"Show this one: {_A_VERSION}.")] = "",
    verify: Annotated[bool, typer.Option("--verify", help="Check every file against its published hash.")] = False,
    as_json: AsJson = False,
) -> None:
    """List the published versions, or show one. With --verify, exit 1 where a file is not as it was published."""
    from publication import history, store
    from publication.manifest import read_manifest
    from publication.verify import verify as damage_of
    from quarterdeck.settings import Settings

    settings = Settings()
    try:
        names = [store.resolve(settings, version)] if version else store.versions(settings)
        if verify:
            _show_verification({name: damage_of(settings, name) for name in names}, as_json)
        elif version:
            manifest = read_manifest(settings, names[0])
            stem_from = {partition.published_in for partition in manifest.partitions if partition.published_in}
            _show_version(manifest, history.published_at(settings, stem_from), as_json)
        else:
            readable = history.published_versions(settings)
            _show_versions(readable, as_json)
            if damaged := sorted(set(names) - {each.version for each in readable}):
                typer.echo(
                    f"Not listed, because the manifest cannot be read: {', '.join(damaged)}. "
                    "`quarterdeck publications --verify` says what else is damaged.",
                    err=True,
                )
                raise typer.Exit(FOUND)
    except store.PublicationError as error:
        refuse(str(error))


def diff(
    old: Annotated[str, typer.Argument(help=f"The earlier version: {_A_VERSION}.")],
    new: Annotated[str, typer.Argument(help=f"The later version: {_A_VERSION}.")],
    limit: Annotated[int, typer.Option(help="Rows to list a mart, beside the figures that changed.", min=0)] = 0,
    as_json: AsJson = False,
) -> None:
    """Show which figures changed between two versions and why, and how much of every mart differs."""
    from publication.diff import diff as compare
    from publication.store import PublicationError
    from publication.verify import reading
    from quarterdeck.settings import Settings

    settings = Settings()
    try:
        with reading(settings, old, new):
            found = compare(settings, old, new, limit)
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
    from publication.store import CURRENT, PublicationError
    from publication.verify import reading
    from quarterdeck.settings import Settings

    settings = Settings()
    try:
        with reading(settings, version, CURRENT):
            result = history.rollback(settings, version, reason, partial(add_site, settings))
    except PublicationError as error:
        refuse(str(error))
    if as_json:
        emit_json(asdict(result))
    elif result.changed:
        typer.echo(f"Published {result.version}, which repeats {version}.")
        if settings.postgres:
            typer.echo("The server still holds the version before: `quarterdeck serve` brings this one.")
    else:
        typer.echo(f"{result.version} has that content already; nothing was published.")


def gc(
    remove: Annotated[bool, typer.Option("--remove", help="Remove them; without it, only say what would go.")] = False,
    as_json: AsJson = False,
) -> None:
    """Say which versions the retention policy no longer keeps, or remove them; their manifests stay for good."""
    from publication.retention import collect
    from publication.store import PublicationError
    from quarterdeck.settings import Settings

    try:
        found = collect(Settings(), remove)
    except PublicationError as error:
        refuse(str(error))
    if as_json:
        emit_json(asdict(found))
        return
    if not found.verdicts:
        typer.echo(_NOTHING)
        return
    rows = [
        {
            "version": verdict.version,
            "published": f"{verdict.created_at:%Y-%m-%d %H:%M} UTC",
            "stays because": verdict.keep or ("removed" if remove else "may go"),
            "MB of its own": f"{verdict.bytes / 1e6:.1f}",
        }
        for verdict in found.verdicts
    ]
    emit_table(rows)
    freed = f"{len(found.may_go)} of {len(rows)} versions, {sum(each.bytes for each in found.may_go) / 1e6:.1f} MB"
    typer.echo(f"Removed: {freed}." if remove else f"May go: {freed}. Nothing was removed; --remove does.")


def serve(
    version: Annotated[str, typer.Argument(help=f"The version to bring: {_A_VERSION}.")] = "current",
    reader: Annotated[
        list[str] | None, typer.Option(help="A role that may log in and read; made where it does not exist.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Bring a version to the Postgres server of QUARTERDECK_POSTGRES: all of it in one transaction, or nothing."""
    from publication.postgres import serve as bring
    from publication.store import PublicationError
    from publication.verify import reading
    from quarterdeck.settings import Settings

    settings = Settings()
    try:
        with reading(settings, version):
            served = bring(settings, version, reader or [])
    except PublicationError as error:
        refuse(str(error))
    if as_json:
        emit_json(asdict(served))
        return
    typer.echo(f"The server holds {served.version}: {served.rows} rows, checked by content.")
    for words, names in (("Written", served.written), ("Removed", served.removed), ("New readers", served.readers)):
        if names:
            typer.echo(f"{words}: {', '.join(names)}")


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
        typer.echo(_NOTHING)


def _show_version(manifest: "Manifest", born: "Mapping[str, datetime]", as_json: bool) -> None:
    if as_json:
        emit_json(manifest.model_dump(mode="json"))
        return
    typer.echo(f"{manifest.version}, published {manifest.created_at:%Y-%m-%d %H:%M} UTC: {manifest.reason}")
    marts = [
        {"mart": name, "rows": mart.rows, "content": mart.content_sha256[:12]} for name, mart in manifest.marts.items()
    ]
    emit_table(marts, "Marts")
    hidden = manifest.disclosure
    if hidden and hidden.primary + hidden.secondary:
        typer.echo(
            f"Suppressed figures: {hidden.primary} counting very few people, {hidden.secondary} protecting these, "
            f"{hidden.following} that would tell them; {hidden.exposed} can be worked out from earlier versions."
        )
    partitions = [
        {
            "partition": partition.name,
            "decision": partition.decision,
            "figures": partition.data_status,
            "rows of": _since(partition.published_in, born),
            "reason": partition.reason,
        }
        for partition in manifest.partitions
    ]
    emit_table(partitions, "Partitions")


def _since(version: str | None, born: "Mapping[str, datetime]") -> str:
    """Which version a partition's rows are of, and since when they stand."""
    if version is None:
        return "none yet"
    return f"{version}, {born[version]:%Y-%m-%d}" if version in born else version


def _show_verification(problems: dict[str, list[str]], as_json: bool) -> None:
    """Print what is damaged, if anything, and end with the exit code for it."""
    if as_json:
        emit_json(problems)
    elif not problems:
        typer.echo(_NOTHING)
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
    for change in found.figures:
        where = [change["organisation_code"], change["quarter"], change["mart"], _plain(change["key"])]
        typer.echo(
            f"{', '.join(filter(None, where))}: {change['column_name']} {_plain(change['old_value'])} -> "
            f"{_plain(change['new_value'])} ({change['reason']}, {change['publication']})"
        )
    if int(found.old[1:]) > int(found.new[1:]):
        typer.echo(f"{found.old} is the later one. Why figures changed is told from the earlier to the later.")
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
