"""What is declared as data in YAML files of the project."""

from pathlib import Path
from typing import Any

import yaml

# The compiled reader, where the library has it, is some ten times faster.
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class UnusableDeclarationError(ValueError):
    """A file declares nothing that can be used; the message names it, and says what is wrong where in it."""


def read_yaml(source: Path | bytes) -> Any:
    """What a YAML file, or its text, declares.

    Raises yaml.YAMLError, which names line and column, for what is not YAML.
    """
    return yaml.load(source.read_bytes() if isinstance(source, Path) else source, Loader=_Loader)  # noqa: S506
