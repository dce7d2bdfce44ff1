"""What a backfill changes in what is published, and the published folder that its dry run works in."""

import shutil
from typing import Any

import duckdb

from publication import store
from publication.changes import TABLE
from publication.diff import diff
from publication.manifest import read_manifest
from publication.sql import literal, records
from quarterdeck.settings import Settings

FIGURES_LISTED = 200


def borrow_current(settings: Settings, scratch: Settings) -> None:
    """Let a dry run see the current version and the settled decisions, without a way to change either."""
    scratch.published.mkdir(parents=True)
    version = store.current(settings)
    if version:
        (scratch.published / version).symlink_to(settings.published / version)
        (scratch.published / store.CURRENT).symlink_to(version)
    if settings.settled.exists():
        shutil.copyfile(settings.settled, scratch.settled)


def changed_by(settings: Settings, version: str) -> dict[str, Any]:
    """What a version changed against the one before it.

    `marts`: rows added and removed and values changed, a mart each; `figures_changed`: how many figures; `figures`: the
    first of them, with old value, new value and reason.
    """
    previous = read_manifest(settings, version).previous
    if previous is None:
        return {"marts": [], "figures_changed": 0, "figures": []}
    counts = ("mart", "rows_added", "rows_removed", "values_changed")
    differing = diff(settings, previous, version, limit=0).marts
    query = f"from marts.main.{TABLE} where publication = {literal(version)} order by all"
    with duckdb.connect() as connection:
        connection.execute(
            f"attach {literal(str(settings.published / version / store.MARTS_FILE))} as marts (read_only)"
        )
        figures = records(connection, query)
    return {
        "marts": [{name: getattr(mart, name) for name in counts} for mart in differing if mart.mart != TABLE],
        "figures_changed": len(figures),
        "figures": figures[:FIGURES_LISTED],
    }
