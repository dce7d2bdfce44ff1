"""What a file is read with, as hashes: when one changes, files are read again."""

import hashlib
from functools import cache
from pathlib import Path

from loaders.currencies import CURRENCIES_FILE
from loaders.layout import load_layouts
from loaders.units import UNITS_FILE
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
    """The loaders' code, the record types, the units with their currencies, and the vocabularies."""
    code = tuple(sorted(_HERE.glob("*.py")))
    declared = (RECORDS_FILE, UNITS_FILE, CURRENCIES_FILE, settings.seeds / "delivery_statuses.csv")
    return _hash((*code, *declared))


def layouts_version(settings: Settings) -> str:
    """All layouts together."""
    return hashlib.sha256("".join(found.sha256 for found in load_layouts(settings.layouts)).encode()).hexdigest()
