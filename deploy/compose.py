"""The server's compose files as they are with their variables filled in."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from quarterdeck.settings import PROJECT_ROOT

FILE = PROJECT_ROOT / "docker-compose.yml"
_VARIABLE = re.compile(r"\$\$|\$\{(?P<name>\w+)(?::(?P<kind>[-?])(?P<rest>[^}]*))?\}")


def required(file: Path = FILE) -> set[str]:
    """The variables that have no default."""
    return {found["name"] for found in _VARIABLE.finditer(file.read_text()) if found["kind"] == "?"}


def resolved(values: Mapping[str, str], file: Path = FILE) -> dict[str, Any]:
    """A file's document, with these values and the file's defaults. Raises KeyError where one is required."""

    def value(found: re.Match[str]) -> str:
        if found[0] == "$$":
            return "$"
        if found["name"] in values:
            return values[found["name"]]
        if found["kind"] == "-":
            return found["rest"]
        raise KeyError(found["name"])

    document: dict[str, Any] = yaml.safe_load(_VARIABLE.sub(value, file.read_text()))
    return document
