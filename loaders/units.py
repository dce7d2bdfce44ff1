"""The units that figures are written in, as data: `units.yml`."""

from functools import cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from loaders.currencies import currency_of
from quarterdeck.declared import read_yaml

UNITS_FILE = Path(__file__).with_name("units.yml")


class Unit(BaseModel):
    """How a figure is written: the unit it becomes, its multiplier, the parser of text cells; the currency of money."""

    model_config = ConfigDict(extra="forbid")

    unit: str
    scale: int
    reads: str = "number"
    currency: str | None = None

    def may_bear(self, sign: str) -> bool:
        """Whether the sign of a currency may stand beside a figure in this unit."""
        shown = currency_of(sign)
        # Where the word beside a figure is its unit, that may be a currency.
        return shown == (self.currency or only_currency()) or shown == currency_of(self.unit)


@cache
def units() -> dict[str, Unit]:
    """The units a layout may name, from `loaders/units.yml`."""
    declared = read_yaml(UNITS_FILE)
    return {name: Unit(**body) for name, body in declared.items()}


@cache
def only_currency() -> str | None:
    """The currency of all units of money, where they have one: its sign beside a figure tells nothing new."""
    known = {unit.currency for unit in units().values() if unit.currency}
    return known.pop() if len(known) == 1 else None
