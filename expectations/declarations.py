"""What must add up, as declared in `expectations/arithmetic.yml`."""

from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from quarterdeck.declared import read_yaml

DECLARATIONS = Path(__file__).with_name("arithmetic.yml")


class _Declared(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Identity(_Declared):
    """A figure that follows from others: `result` = the sum of `plus` less the sum of `minus`, over one field.

    With `percent_of` it is that sum in per cent of another figure, met within so many units of its last printed place.
    """

    over: str
    result: str
    plus: tuple[str, ...] | None = None
    minus: tuple[str, ...] = ()
    excluded: tuple[str, ...] = Field(default=(), alias="except")
    needed: tuple[str, ...] = ()
    unless: str | None = None
    percent_of: str | None = None
    within: float = 0.5
    blank_result: Literal["zero", "skip"] = "zero"
    rule: str
    says: str


class RecordArithmetic(_Declared):
    """What of a record can be added up, and what follows from what."""

    label: str
    total_label: str | None = None
    figures: tuple[str, ...]
    dimensions: tuple[str, ...] = ()
    identities: tuple[Identity, ...] = ()


class RollUp(_Declared):
    """The rule that totals rows are held against."""

    rule: str
    says: str


class Arithmetic(_Declared):
    """The whole of the declarations."""

    roll_up: RollUp
    rounding_rule: str
    bounds_rule: str
    exact_units: tuple[str, ...]
    remedies: dict[str, str]
    records: dict[str, RecordArithmetic]

    @property
    def identities(self) -> list[tuple[int, str, Identity]]:
        """Every identity with its number (from 1) and its record."""
        declared = [(record, identity) for record, body in self.records.items() for identity in body.identities]
        return [(number, record, identity) for number, (record, identity) in enumerate(declared, start=1)]


@cache
def arithmetic() -> Arithmetic:
    """The declarations.

    Raises pydantic's ValidationError, which names the field, where the file is not of the described shape.
    """
    return Arithmetic(**read_yaml(DECLARATIONS))
