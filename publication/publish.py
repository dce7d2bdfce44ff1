"""Publish what the gate has decided: one new immutable version, or none where nothing changed."""

import json
from dataclasses import dataclass

import duckdb

from publication import candidate, exports, store
from publication.candidate import PUBLISHED
from publication.compose import compose, composing, data_statuses, partitions_in
from publication.contract import declared_marts
from publication.disclosure import without
from publication.manifest import (
    Manifest,
    code_sha256,
    content_sha256,
    now,
    read_manifest,
    rules_sha256,
)
from publication.release import BeforeRelease, release
from publication.sql import quoted
from publication.store import PublicationError
from quarterdeck.events import tell
from quarterdeck.runs import noted
from quarterdeck.settings import Settings


@dataclass(frozen=True)
class PublishResult:
    """What a publication did. Partitions are named as in `E10000024 2018-19 Q2`.

    `version` is what readers see now, None where nothing was ever decided on; `changed` is False where they saw it
    before. `decided` are the partitions whose
    rows were taken from the candidate, `held` those that keep their last published rows (or have none yet),
    `undecided` those that the candidate has rows of and nobody has judged: none of these rows is published.
    """

    version: str | None
    changed: bool
    content_sha256: str
    rows: int
    decided: list[str]
    held: list[str]
    undecided: list[str]


@noted("publish")
def publish(settings: Settings, before_release: BeforeRelease | None = None) -> PublishResult:
    """Publish what the gate decided, and note which decisions have been carried out.

    Composes a version from the decided partitions of the candidate and the last version, lets `before_release` add
    files to its folder (what it raises holds the publication), and switches `current` to it. The note
    (`published/settled.json`) is what tells a decision that an interruption left unpublished from one that needed no
    new version.
    """
    result = _compose_version(settings, before_release)
    with duckdb.connect(str(settings.warehouse), read_only=True) as connection:
        decided = candidate.standing(settings, connection, settings.warehouse.stem)
    # What was carried out before and has not been judged since stays so.
    settled = json.loads(settings.settled.read_text()) if settings.settled.exists() else {}
    settled |= {partition.name: partition.fingerprint for partition in decided}
    partial = settings.settled.with_suffix(".partial")
    partial.write_text(json.dumps(settled, indent=2))
    partial.replace(settings.settled)
    tell(__name__, "published", version=result.version, changed=result.changed, partitions=result.decided)
    return result


def _compose_version(settings: Settings, before_release: BeforeRelease | None) -> PublishResult:
    """Compose a version from the decided partitions of the candidate and the last version, and switch `current` to it.

    Opens the build file read-only, which DuckDB allows only while nobody writes to it: hold the writer's slot.
    Raises PublicationError, with nothing published, where the candidate is missing or breaks its contract. A candidate
    that nobody has judged publishes nothing either.
    """
    if not settings.warehouse.is_file():
        raise PublicationError(f"{settings.warehouse} is missing: nothing has been loaded yet.")
    marts = declared_marts(settings)
    with store.exclusive(settings), store.staged(settings) as folder:
        last = store.current(settings)
        previous = read_manifest(settings, last) if last else None
        version = store.next_version(settings)
        build = settings.warehouse.stem
        schema = f"{quoted(build)}.marts"
        attached = {build: settings.warehouse}
        if last:
            attached["previous"] = settings.published / last / store.MARTS_FILE

        with composing(folder, attached, settings.memory_limit) as connection:
            sources = candidate.sources(connection, build)
            partitions, refreshed = candidate.decisions(settings, connection, build, previous, sources, version)
            held = [partition.name for partition in partitions if partition.decision != PUBLISHED]
            # A rollback stays until the gate decides on something new.
            if previous and previous.rolled_back_to and not previous.outdated_by(partitions):
                return _unchanged(previous, held, [])
            composed = compose(connection, version, marts, schema, previous, refreshed)
            contents = composed.marts
            waiting = partitions_in(connection, schema, contents) - {partition.key for partition in partitions}
            undecided = sorted(" ".join(key) for key in waiting)
            if not previous and not partitions:
                return PublishResult(None, False, content_sha256({}), 0, [], [], undecided)
            if previous and previous.content_sha256 == content_sha256(contents):
                return _unchanged(previous, held, undecided)

            statuses = data_statuses(connection, contents)
            for partition in partitions:
                partition.data_status = statuses.get(partition.key)
                partition.reason = without(partition.reason, composed.withheld)
            decided = sorted(" ".join(key) for key in refreshed)
            created_at = now()
            manifest = Manifest(
                version=version,
                created_at=created_at,
                previous=last,
                reason=f"decided: {_in_words(decided)}; held: {_in_words(held)}",
                code_sha256=code_sha256(settings),
                rules_sha256=rules_sha256(),
                layouts=candidate.layouts(connection, build),
                content_sha256=content_sha256(contents),
                marts=contents,
                disclosure=composed.disclosure,
                partitions=partitions,
                findings=candidate.findings(connection, build),
                expectations_evaluated=sum(partition.evaluated for partition in partitions),
                sources=sources,
                form_sha256=exports.form_sha256(),
            )
            before = (settings.published / last, previous) if last and previous else None
            exports.write(connection, folder, version, created_at, contents, before, settings.workbook)
        release(settings, folder, manifest, before_release)
    return PublishResult(version, True, manifest.content_sha256, manifest.rows, decided, held, undecided)


def _unchanged(previous: Manifest, held: list[str], undecided: list[str]) -> PublishResult:
    return PublishResult(previous.version, False, previous.content_sha256, previous.rows, [], held, undecided)


def _in_words(partitions: list[str]) -> str:
    """The first few of a list; all of them are in the manifest."""
    more = len(partitions) - 3
    return ", ".join(partitions[:3]) + (f" and {more} more" if more > 0 else "") or "none"
