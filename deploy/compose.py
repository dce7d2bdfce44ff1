"""The server's compose file as it is with its variables filled in."""

import re
from collections.abc import Mapping
from typing import Any

import yaml

from quarterdeck.settings import PROJECT_ROOT

FILE = PROJECT_ROOT / "docker-compose.yml"
_VARIABLE = re.compile(r"\$\$|\$\{(?P<name>\w+)(?::(?P<kind>[-?])(?P<rest>[^}]*))?\}")


def required() -> set[str]:
    """The variables that have no default."""
    return {found["name"] for found in _VARIABLE.finditer(FILE.read_text()) if found["kind"] == "?"}


def resolved(values: Mapping[str, str]) -> dict[str, Any]:
    """The file's document, with these values and the file's defaults. Raises KeyError where one is required."""

    def value(found: re.Match[str]) -> str:
        if found[0] == "$$":
            return "$"
        if found["name"] in values:
            return values[found["name"]]
        if found["kind"] == "-":
            return found["rest"]
        raise KeyError(found["name"])

    document: dict[str, Any] = yaml.safe_load(_VARIABLE.sub(value, FILE.read_text()))
    return document
