"""Months, fiscal quarters and fiscal years (1 April to 31 March), and the ways people write them."""

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date

MONTH_NAMES = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
NAME_OF_MONTH = (
    "jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    "|nov(?:ember)?|dec(?:ember)?"
)
"""A regular expression of the names themselves: 'Decrease' and 'Market' begin like months."""
_MONTH = re.compile(r"([12]\d{3})-(0[1-9]|1[0-2])", re.ASCII)
_QUARTER = re.compile(r"([12]\d{3})-(\d{2}) ?Q([1-4])", re.IGNORECASE | re.ASCII)
_IN_TEXT = re.compile(
    rf"\b(?P<name>{NAME_OF_MONTH})(?![a-z])\.?,?(?:[\s'’-]*(?P<year>20\d\d|\d\d)\b(?!\s*[/-]\s*\d))?",
    re.IGNORECASE,
)
_QUARTER_IN_TEXT = re.compile(
    r"\bq(?:uarter)?\s*(?P<number>[1-4])\D{1,6}(?P<years>20\d\d\s*[/–-]\s*\d\d(?:\d\d)?)", re.IGNORECASE
)
_DATE_IN_TEXT = re.compile(
    r"\b\d{1,2}[/.](?P<month>\d{1,2})[/.](?P<year>20\d\d)\b|\b(?P<iso>20\d\d-(?:0[1-9]|1[0-2]))\b"
)
# Between the months, or days, of a range.
_JOINED = re.compile(
    r"[\s,]*(?:to|until|till|through|and|&|[-–—/])?\s*(?:\d{1,2}(?:st|nd|rd|th)?\s+)?(?:of\s+)?", re.IGNORECASE
)
_YEARS_IN_TEXT = re.compile(r"\b20\d\d\s*[/–-]\s*(?:20)?\d\d\b")
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
        found = _MONTH.fullmatch(text)
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
    def last_day(self) -> date:
        """The month's last day."""
        return date(self.year, self.number, monthrange(self.year, self.number)[1])

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
        found = _QUARTER.fullmatch(text.strip())
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

    def back(self, count: int) -> "Quarter":
        """The quarter so many quarters before this one.

        >>> str(Quarter.parse("2018-19 Q2").back(3))
        '2017-18 Q3'
        """
        year, number = divmod(self.fiscal_year * 4 + self.number - 1 - count, 4)
        return Quarter(year, number + 1)

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


def stated_months(text: str) -> tuple[Month, Month] | None:
    """The first and the last month that a title names: of a month, a range, a day, a quarter or a fiscal year.

    Where it names several that make no range, the first of them is meant.

    >>> [str(month) for month in stated_months("as at 30 September 2018")]
    ['2018-09', '2018-09']
    >>> [str(month) for month in stated_months("November to January 2019")]
    ['2018-11', '2019-01']
    >>> [str(month) for month in stated_months("September 2017 (updated October 2018)")]
    ['2017-09', '2017-09']
    >>> [str(month) for month in stated_months("Quarter 2 2018/19")]
    ['2018-07', '2018-09']
    >>> stated_months("Report") is None
    True
    """
    try:
        return _months_in(text)
    except ValueError:
        return None


def _months_in(text: str) -> tuple[Month, Month] | None:
    quarter, day = _QUARTER_IN_TEXT.search(text), _DATE_IN_TEXT.search(text)
    named = _named_months(text)
    starts = [found.start() for found in (quarter, day, named[0][0] if named else None) if found]
    if quarter and quarter.start() == min(starts):
        first = Quarter(int(fiscal_year(quarter["years"])[:4]), int(quarter["number"])).first_month
        return first, _later(first, 2)
    if day and day.start() == min(starts):
        return _first_range(text, [(found, _month_of_day(found)) for found in _DATE_IN_TEXT.finditer(text)])
    if named:
        return _first_range(text, named)
    if years := _YEARS_IN_TEXT.search(text):
        first = Month(int(fiscal_year(years[0])[:4]), 4)
        return first, _later(first, 11)
    return None


def _month_of_day(found: re.Match[str]) -> Month:
    return Month.parse(found["iso"] or f"{found['year']}-{int(found['month']):02d}")


def _named_months(text: str) -> list[tuple[re.Match[str], Month]]:
    """The months named in a text, in order; one without a year of its own is the last of its name before the next."""
    months: list[tuple[re.Match[str], Month]] = []
    for found in reversed(list(_IN_TEXT.finditer(text))):
        number = MONTH_NAMES.index(found["name"].lower()[:3]) + 1
        if found["year"]:
            months.insert(0, (found, Month(int(found["year"][-2:]) + 2000, number)))
        # 'may' is also a verb.
        elif months and found["name"] != "may":
            year = months[0][1].year - (number > months[0][1].number)
            months.insert(0, (found, Month(year, number)))
    return months


def _first_range(text: str, months: list[tuple[re.Match[str], Month]]) -> tuple[Month, Month]:
    """The first month, and the last one that is joined to it: from one to another, or one beside the other."""
    (before, first), last = months[0], months[0][1]
    for found, month in months[1:]:
        if not _JOINED.fullmatch(text[before.end() : found.start()]):
            break
        before, last = found, month
    return first, last


def _later(month: Month, count: int) -> Month:
    year, number = divmod(month.year * 12 + month.number - 1 + count, 12)
    return Month(year, number + 1)
