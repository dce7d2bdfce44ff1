"""What a file is read with, as hashes: when one changes, files are read again."""

import hashlib
from functools import cache
from pathlib import Path

from loaders.layout import load_layouts
from quarterdeck.settings import Settings
from quarterdeck.warehouse import RECORDS_FILE

_HERE = Path(__file__).parent


@cache
def _hash(paths: tuple[Path, ...]) -> str:
    digest = hashlib.sha256()
    for path in paths:
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def reader_version(settings: Settings) -> str:
    """The loaders' code, the record types, the units and the vocabularies."""
    code = tuple(sorted(_HERE.glob("*.py")))
    return _hash((*code, RECORDS_FILE, _HERE / "units.yml", settings.seeds / "delivery_statuses.csv"))


def layouts_version(settings: Settings) -> str:
    """All layouts together."""
    return hashlib.sha256("".join(found.sha256 for found in load_layouts(settings.layouts)).encode()).hexdigest()
