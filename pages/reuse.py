"""Files that need not be made again: those of the version before whose inputs are the same.

The folder of an organisation has a `built-from.json`: a hash of all that its files were made from, one for each file,
and the pages of each quarter. A file with the same inputs is the same file (a hard link), after a look whether it still
is as it was published.
"""

import json
import os
import shutil
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, fields
from functools import cache
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Any

from pages.published import MANIFEST_FILE
from pages.tables import compact
from quarterdeck.settings import PROJECT_ROOT

BUILT_FROM = "built-from.json"
_LIBRARIES = ("jinja2", "markupsafe", "govuk-frontend-jinja", "python-docx")


@dataclass
class BuiltFrom:
    """What the files of an organisation were made from; `menus` are the pages of its quarters."""

    inputs: str = ""
    files: dict[str, str] = field(default_factory=dict)
    menus: dict[str, list[str]] = field(default_factory=dict)


class Before:
    """The site of the version before, if there is one."""

    def __init__(self, version_folder: Path | None, site: str) -> None:
        self._site = version_folder / site if version_folder else None
        self._promised = _promised(version_folder / MANIFEST_FILE, site) if version_folder else {}

    def built_from(self, folder: str) -> BuiltFrom:
        """What the files of an organisation were made from; nothing where that is not known, or not as published.

        Nor where another release of this code noted it in another way.
        """
        path = self._unharmed(f"{folder}/{BUILT_FROM}")
        noted = json.loads(path.read_text()) if path else {}
        return BuiltFrom(**noted) if noted.keys() == {each.name for each in fields(BuiltFrom)} else BuiltFrom()

    def link(self, name: str, target: Path) -> bool:
        """Let a file be the earlier one; False where that is not there or not as it was published."""
        source = self._unharmed(name)
        if source is None:
            return False
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            os.link(source, target)
        except OSError:
            # Another file system, or one without hard links.
            shutil.copyfile(source, target)
        return True

    def _unharmed(self, name: str) -> Path | None:
        """An earlier file, where it is there and as it was published."""
        source = self._site / name if self._site else None
        if not source or not source.is_file() or sha256(source.read_bytes()).hexdigest() != self._promised.get(name):
            return None
        return source


@cache
def _promised(manifest: Path, site: str) -> dict[str, str]:
    """The hashes that a version was published with, by file of its site. Read once a process: it may list very many."""
    outputs = json.loads(manifest.read_text()).get("outputs", []) if manifest.is_file() else []
    return {each["path"].removeprefix(f"{site}/"): each["sha256"] for each in outputs}


def digest(*inputs: Any) -> str:
    """A hash of values that JSON can hold, or have a text."""
    return sha256(compact(inputs).encode()).hexdigest()


@cache
def code() -> str:
    """A hash of all that makes pages of rows: this room's files, and the libraries that it writes with."""
    folder = PROJECT_ROOT / "pages"
    files = [path for path in sorted(folder.rglob("*")) if path.is_file() and path.suffix != ".pyc"]
    contents = [(path.relative_to(folder).as_posix(), sha256(path.read_bytes()).hexdigest()) for path in files]
    return digest(contents, [version(library) for library in _LIBRARIES])


def write_built_from(folder: Path, built: BuiltFrom) -> None:
    """Note what the files in a folder were made from."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / BUILT_FROM).write_text(json.dumps(asdict(built), sort_keys=True, indent=0))


def names_of(submissions: Iterable[str], names: dict[str, str]) -> list[tuple[str, str]]:
    """Submissions with the names of their files, in order."""
    return [(each, names.get(each, "")) for each in sorted(set(submissions))]
