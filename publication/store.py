"""The folder of versions: who may write in it, how a version comes into being at once, and what a crash leaves.

`published/v00001/` is a version; `published/current` is a symbolic link to the newest. A version is written into
`.staging-<random>/` on the same file system, synced, made read-only and renamed; only then does `current` move, by the
rename of a link. Whatever interrupts that leaves `current` on a whole version.
"""

import fcntl
import json
import os
import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time
from pathlib import Path

from quarterdeck.settings import Settings

MARTS_FILE, MANIFEST_FILE = "marts.duckdb", "manifest.json"
CURRENT = "current"
_STAGING, _NEXT_LINK, _REMOVING = ".staging-", ".current-", ".removing-"
_VERSION = re.compile(r"^v\d{5,}$")
_DAY = re.compile(r"^\d{4}-\d{2}-\d{2}$")


RESTORE = "Restore the folder from a copy."
"""What is left to do about a version that is not as it was published."""


class PublicationError(Exception):
    """Something that a publication cannot go on with, in words for the person who can mend it."""


def versions(settings: Settings) -> list[str]:
    """Every version's name, oldest first."""
    if not settings.published.is_dir():
        return []
    names = (entry.name for entry in settings.published.iterdir() if _VERSION.match(entry.name))
    return sorted(names, key=_number)


def current(settings: Settings) -> str | None:
    """The version that readers see, or None before the first one.

    Raises PublicationError where something else stands in the link's place, as after a copy that followed links.
    """
    link = settings.published / CURRENT
    if link.is_symlink():
        return os.readlink(link)
    if link.exists():
        raise PublicationError(f"{link} is no link to a version, but a copy. Remove it; `quarterdeck gc` links anew.")
    return None


def next_version(settings: Settings) -> str:
    """The name of the version after the newest."""
    existing = versions(settings)
    return f"v{_number(existing[-1]) + 1 if existing else 1:05d}"


def resolve(settings: Settings, name: str) -> str:
    """The version that somebody means by `v00003`, `3`, `current`, or a day: `2018-11-05`, as readers saw it then.

    Raises PublicationError where there is none.
    """
    existing = versions(settings)
    if _DAY.match(name):
        return _as_at(settings, name, existing)
    wanted = current(settings) if name == CURRENT else f"v{int(name):05d}" if name.isdecimal() else name
    if wanted and removed_manifest(settings, wanted).is_file():
        raise PublicationError(
            f"{wanted} was removed by the retention policy; what it held is recorded in "
            f"{removed_manifest(settings, wanted)}."
        )
    if wanted not in existing:
        raise PublicationError(f"There is no version '{name}'. {_known(existing)}")
    return wanted


def _known(existing: list[str]) -> str:
    if not existing:
        return "Nothing has been published yet."
    return f"There are {existing[0]} to {existing[-1]}." if len(existing) > 1 else f"There is {existing[0]} only."


def _as_at(settings: Settings, day: str, existing: list[str]) -> str:
    """The version that was current when a day ended, in UTC."""
    try:
        end = datetime.combine(date.fromisoformat(day), time.max, UTC)
    except ValueError as error:
        raise PublicationError(f"'{day}' is no day. Write it as 2018-11-05.") from error
    removed = [path.stem for path in (settings.published / "removed").glob("v*.json")]
    born = {name: _created_at(settings, name) for name in (*existing, *removed)}
    then = [name for name, moment in born.items() if moment <= end]
    if not then:
        first = f"The first version is of {min(born.values()):%Y-%m-%d}." if born else "Nothing has been published yet."
        raise PublicationError(f"There was no version on {day}. {first}")
    return resolve(settings, max(then, key=_number))


def _created_at(settings: Settings, version: str) -> datetime:
    """When a version was published, from its manifest or the record of a removed one."""
    removed = removed_manifest(settings, version)
    path = removed if removed.is_file() else settings.published / version / MANIFEST_FILE
    try:
        return datetime.fromisoformat(json.loads(path.read_bytes())["created_at"])
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise PublicationError(f"{path} cannot be read ({error}). Restore it from a copy.") from error


def removed_manifest(settings: Settings, version: str) -> Path:
    """Where the manifest of a removed version is kept."""
    return settings.published / "removed" / f"{version}.json"


def withdraw(settings: Settings, version: str) -> Path:
    """Take a version's name away, at once; the folder that is left is the caller's to delete."""
    if version == current(settings):
        raise PublicationError(f"{version} is current and stays.")
    leaving = settings.published / f"{_REMOVING}{version}"
    os.rename(settings.published / version, leaving)
    _sync(settings.published)
    return leaving


@contextmanager
def exclusive(settings: Settings) -> Iterator[None]:
    """Hold the folder of versions for writing: waits for another publication to end, then clears up after a crash."""
    settings.published.mkdir(parents=True, exist_ok=True)
    with (settings.published / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        _recover(settings)
        yield


@contextmanager
def staged(settings: Settings) -> Iterator[Path]:
    """A new folder to write a version in; it is gone afterwards unless `release` made it a version."""
    staging = settings.published / f"{_STAGING}{secrets.token_hex(4)}"
    staging.mkdir()
    try:
        yield staging
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def release(settings: Settings, staging: Path, version: str) -> None:
    """Turn a finished staging folder into a version, for good, and let `current` point at it."""
    seal(staging)
    place(settings, staging, version)
    switch(settings, version)


def seal(folder: Path) -> None:
    """Take the right to write from every file, and see that files and folders are on the disk."""
    for path in (*folder.rglob("*"), folder):
        if path.is_file():
            path.chmod(0o444)
        _sync(path)


def place(settings: Settings, staging: Path, version: str) -> None:
    """Give a sealed staging folder the version's name."""
    os.rename(staging, settings.published / version)
    _sync(settings.published)


def switch(settings: Settings, version: str) -> None:
    """Move `current` to a version, in one rename."""
    link = settings.published / f"{_NEXT_LINK}{secrets.token_hex(4)}"
    link.symlink_to(version)
    os.replace(link, settings.published / CURRENT)
    _sync(settings.published)


def _recover(settings: Settings) -> None:
    """Remove what an interrupted publication left, and finish one that only lacked the last step.

    A folder with a version's name is whole, because it was renamed after everything in it was written.
    """
    for unfinished in (_STAGING, _REMOVING):
        for leftover in settings.published.glob(f"{unfinished}*"):
            shutil.rmtree(leftover)
    for leftover in settings.published.glob(f"{_NEXT_LINK}*"):
        leftover.unlink()
    existing = versions(settings)
    if existing and existing[-1] != current(settings):
        switch(settings, existing[-1])


def _number(version: str) -> int:
    return int(version[1:])


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
