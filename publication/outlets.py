"""What a version's files say about themselves, as data: `outlets.yml`, and the dictionary of its marts."""

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from publication.disclosure import token
from publication.manifest import MartContent
from quarterdeck.declared import read_yaml

OUTLETS_FILE = Path(__file__).with_name("outlets.yml")
DICTIONARY_COLUMNS = ("mart", "column", "type", "description")


class _Declared(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Workbook(_Declared):
    """What the workbook does without."""

    leave_out: tuple[str, ...]
    leave_out_columns: tuple[str, ...]
    most_rows: int


class Outlets(_Declared):
    """The whole of `outlets.yml`."""

    title: str
    name: str
    description: str
    domain: str
    purpose: str
    limitations: str
    usage: str
    shorthand: dict[str, str]
    shorthand_means: dict[str, str]
    workbook: Workbook


@cache
def outlets() -> Outlets:
    """What is declared."""
    return Outlets.model_validate(read_yaml(OUTLETS_FILE))


def has_token(mart: MartContent, column: str) -> bool:
    """Whether a word may stand in place of a column's value."""
    return token(column) in mart.columns


def dictionary(marts: Mapping[str, MartContent]) -> Iterator[tuple[str, str, str, str]]:
    """One row a column of every mart, as DICTIONARY_COLUMNS; the mart itself comes first, with an empty column."""
    for name, mart in sorted(marts.items()):
        yield name, "", "table", mart.description
        for column, kind in mart.columns.items():
            yield name, column, kind.lower(), mart.descriptions.get(column, "")
