"""Months, fiscal quarters and fiscal years (1 April to 31 March), and the ways people write them."""

import re
from dataclasses import dataclass
from datetime import date

MONTH_NAMES = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = re.compile(r"^(\d{4})-(0[1-9]|1[0-2])$")
_QUARTER = re.compile(r"^(\d{4})-(\d{2}) ?Q([1-4])$", re.IGNORECASE)
_FISCAL_YEAR = re.compile(r"^(?:20)?(\d{2})\s*[/\-–]\s*(?:20)?(\d{2})$")


@dataclass(frozen=True, order=True)
class Month:
    """A reporting period: one calendar month. `str()` gives `2018-09`."""

    year: int
    number: int

    @classmethod
    def parse(cls, text: str) -> "Month":
        """Read `2018-09`.

        >>> Month.parse("2018-09")
        Month(year=2018, number=9)

        Raises ValueError for anything else.
        """
        found = _MONTH.match(text)
        if not found:
            raise ValueError(f"'{text}' is not a month; write it as YYYY-MM, for example 2018-09")
        return cls(int(found[1]), int(found[2]))

    def __str__(self) -> str:
        return f"{self.year}-{self.number:02d}"

    @property
    def first_day(self) -> date:
        """The month's first day."""
        return date(self.year, self.number, 1)

    @property
    def quarter(self) -> "Quarter":
        """The fiscal quarter the month lies in."""
        fiscal_year = self.year if self.number >= 4 else self.year - 1
        return Quarter(fiscal_year, (self.number - 4) % 12 // 3 + 1)

    def latest_named(self, name: str) -> "Month":
        """The most recent month of that name that is not after this one.

        >>> str(Month.parse("2017-12").latest_named("Sept"))
        '2017-09'
        >>> str(Month.parse("2018-02").latest_named("Dec"))
        '2017-12'

        Raises ValueError where the name is no month.
        """
        short = name.strip().lower()[:3]
        if short not in MONTH_NAMES:
            raise ValueError(f"'{name}' is not the name of a month")
        number = MONTH_NAMES.index(short) + 1
        return Month(self.year if number <= self.number else self.year - 1, number)


@dataclass(frozen=True, order=True)
class Quarter:
    """A fiscal quarter. `fiscal_year` is the year it starts in; `str()` gives `2018-19 Q2`."""

    fiscal_year: int
    number: int

    @classmethod
    def parse(cls, text: str) -> "Quarter":
        """Read `2018-19 Q2` or `2018-19Q2`.

        >>> Quarter.parse("2018-19Q2").first_month
        Month(year=2018, number=7)

        Raises ValueError for anything else, and for years that do not follow each other.
        """
        found = _QUARTER.match(text.strip())
        if not found or (int(found[1]) + 1) % 100 != int(found[2]):
            raise ValueError(f"'{text}' is not a fiscal quarter; write it as 2018-19 Q2")
        return cls(int(found[1]), int(found[3]))

    @classmethod
    def from_partition_key(cls, key: str) -> "Quarter":
        """Read the scheduler's name of a quarter, which counts calendar quarters: `2018-Q3` is `2018-19 Q2`."""
        year, number = key.split("-Q")
        return Month(int(year), int(number) * 3).quarter

    def __str__(self) -> str:
        return f"{self.fiscal_year}-{(self.fiscal_year + 1) % 100:02d} Q{self.number}"

    @property
    def first_month(self) -> Month:
        """The month the quarter starts with."""
        number = (self.number * 3) % 12 + 1
        return Month(self.fiscal_year + (number < 4), number)

    @property
    def start(self) -> date:
        """The quarter's first day."""
        return self.first_month.first_day

    @property
    def partition_key(self) -> str:
        """The scheduler's name of the quarter: calendar year and calendar quarter, `2018-Q3`."""
        first = self.first_month
        return f"{first.year}-Q{(first.number - 1) // 3 + 1}"


def fiscal_year(text: str) -> str:
    """One spelling for a fiscal year.

    >>> fiscal_year("2018/19"), fiscal_year("19/20"), fiscal_year("2018-2019")
    ('2018-19', '2019-20', '2018-19')

    Raises ValueError where the text names no two years that follow each other.
    """
    found = _FISCAL_YEAR.match(text.strip())
    if not found or (int(found[1]) + 1) % 100 != int(found[2]):
        raise ValueError(f"'{text}' is not a fiscal year; write it as 2018-19")
    return f"20{found[1]}-{found[2]}"
