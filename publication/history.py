"""Versions that exist: list them, and go back to one."""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from publication import exports, store
from publication.candidate import PUBLISHED
from publication.changes import TABLE as FIGURE_CHANGES
from publication.compose import compose, composing
from publication.contract import Mart
from publication.manifest import content_sha256, now, read_manifest
from publication.publish import PublishResult
from publication.release import BeforeRelease, release
from publication.store import PublicationError
from publication.verify import verify
from quarterdeck.settings import Settings


@dataclass(frozen=True)
class Version:
    """One published version in a list; `held` are partitions whose newest figures it does not show."""

    version: str
    current: bool
    created_at: datetime
    reason: str
    rows: int
    held: list[str]
    content_sha256: str


def published_versions(settings: Settings) -> list[Version]:
    """Every version, newest first, but those whose manifest cannot be read."""
    current = store.current(settings)
    manifests = []
    for name in reversed(store.versions(settings)):
        with suppress(PublicationError):
            manifests.append(read_manifest(settings, name))
    return [
        Version(
            manifest.version,
            manifest.version == current,
            manifest.created_at,
            manifest.reason,
            manifest.rows,
            [partition.name for partition in manifest.partitions if partition.decision != PUBLISHED],
            manifest.content_sha256,
        )
        for manifest in manifests
    ]


def published_at(settings: Settings, versions: Iterable[str]) -> dict[str, datetime]:
    """When versions were published; without those that are not there, or whose manifest cannot be read."""
    found = {}
    for version in versions:
        with suppress(PublicationError):
            found[version] = read_manifest(settings, version).created_at
    return found


def rollback(
    settings: Settings, version: str, reason: str, before_release: BeforeRelease | None = None
) -> PublishResult:
    """Publish a new version with the content of an earlier one. Nothing that was published is touched.

    `figure_changes` goes on: it tells what the rollback changed. The rollback stays until the gate decides on
    something new; partitions decided by then come from the candidate again. `before_release` is what `publish` takes.
    Raises PublicationError where there is no
    such version, it is damaged, or no reason is given.
    """
    if not reason.strip():
        raise PublicationError("A rollback needs a reason: it is recorded in the new version.")
    store.resolve(settings, version)
    with store.exclusive(settings), store.staged(settings) as folder:
        target_name = store.resolve(settings, version)
        damaged = verify(settings, target_name)
        if damaged:
            raise PublicationError(f"{target_name} is damaged ({'; '.join(damaged)}); choose another version.")
        target = read_manifest(settings, target_name)
        previous = read_manifest(settings, store.resolve(settings, store.CURRENT))
        new_version = store.next_version(settings)
        then = {partition.name: partition for partition in target.partitions}
        attached = {
            name: settings.published / manifest.version / store.MARTS_FILE
            for name, manifest in (("target", target), ("previous", previous))
        }
        marts = [
            Mart(name, mart.publish, tuple(mart.key), mart.description, mart.descriptions)
            for name, mart in target.marts.items()
            if name != FIGURE_CHANGES
        ]
        every_partition = {partition.key: False for partition in (*target.partitions, *previous.partitions)}
        with composing(folder, attached, settings.memory_limit) as connection:
            composed = compose(connection, new_version, marts, "target.main", previous, every_partition, target)
            contents = composed.marts
            content = content_sha256(contents)
            if content == previous.content_sha256:
                return PublishResult(previous.version, False, content, previous.rows, [], [], [])
            created_at = now()
            before = settings.published / target_name, target
            exports.write(connection, folder, new_version, created_at, contents, before, settings.workbook)
        # Decisions stay as last known, so that the next publication does not take them for new; the rows are of then.
        partitions = [
            now_known.model_copy(
                update={
                    "data_status": rows.data_status if (rows := then.get(now_known.name)) else None,
                    "published_in": rows.published_in if rows else None,
                    "submissions": rows.submissions if rows else [],
                }
            )
            for now_known in previous.partitions
        ]
        manifest = target.model_copy(
            update={
                "version": new_version,
                "created_at": created_at,
                "form_sha256": exports.form_sha256(),
                "previous": previous.version,
                "rolled_back_to": target.version,
                "reason": reason,
                "marts": contents,
                "disclosure": composed.disclosure,
                "content_sha256": content,
                "partitions": partitions,
            }
        )
        release(settings, folder, manifest, before_release)
    return PublishResult(new_version, True, content, manifest.rows, [], [], [])
