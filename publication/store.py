"""The folder of versions: who may write in it, how a version comes into being at once, and what a crash leaves.

`published/v00001/` is a version; `published/current` is a symbolic link to the newest. A version is written into
`.staging-<random>/` on the same file system, synced, made read-only and renamed; only then does `current` move, by the
rename of a link. Whatever interrupts that leaves `current` on a whole version.
"""

import fcntl
import os
import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from quarterdeck.settings import Settings

MARTS_FILE = "marts.duckdb"
CURRENT = "current"
_STAGING, _NEXT_LINK = ".staging-", ".current-"
_VERSION = re.compile(r"^v\d{5,}$")


class PublicationError(Exception):
    """Something that a publication cannot go on with, in words for the person who can mend it."""


def versions(settings: Settings) -> list[str]:
    """Every version's name, oldest first."""
    if not settings.published.is_dir():
        return []
    names = (entry.name for entry in settings.published.iterdir() if _VERSION.match(entry.name))
    return sorted(names, key=_number)


def current(settings: Settings) -> str | None:
    """The version that readers see, or None before the first one."""
    link = settings.published / CURRENT
    return os.readlink(link) if link.is_symlink() else None


def next_version(settings: Settings) -> str:
    """The name of the version after the newest."""
    existing = versions(settings)
    return f"v{_number(existing[-1]) + 1 if existing else 1:05d}"


def resolve(settings: Settings, name: str) -> str:
    """The version that somebody means by `v00003`, `3` or `current`.

    Raises PublicationError where there is none.
    """
    existing = versions(settings)
    wanted = current(settings) if name == CURRENT else f"v{int(name):05d}" if name.isdecimal() else name
    if wanted not in existing:
        known = f"There are {existing[0]} to {existing[-1]}." if existing else "Nothing has been published yet."
        raise PublicationError(f"There is no version '{name}'. {known}")
    return wanted


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
    for leftover in settings.published.glob(f"{_STAGING}*"):
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
