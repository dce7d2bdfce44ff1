"""Working days, and the policy of `deadlines.yml`: when missing returns are asked for, and what is provisional."""

from datetime import date, timedelta
from functools import cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from quarterdeck.declared import read_yaml
from quarterdeck.periods import Month, Quarter

FILE = Path(__file__).with_name("deadlines.yml")


class Policy(BaseModel):
    """The policy as `deadlines.yml` has it."""

    model_config = ConfigDict(extra="forbid")

    remind_on_working_days: list[int] = Field(min_length=1)
    provisional_on_working_day: int = Field(ge=1)
    days_off: frozenset[date]

    def working_day(self, after: date, count: int) -> date:
        """The working day so many after a day; the first is the next one that is worked on.

        >>> str(Policy(remind_on_working_days=[1], provisional_on_working_day=1, days_off=[]).working_day(
        ...     date(2018, 10, 5), 1))
        '2018-10-08'
        """
        day = after
        for _ in range(count):
            day += timedelta(days=1)
            while day.weekday() > 4 or day in self.days_off:
                day += timedelta(days=1)
        return day

    def reminders(self, due_on: date) -> list[date]:
        """The days on which a return that was due on a day is asked for."""
        return [self.working_day(due_on, count) for count in self.remind_on_working_days]

    def provisional_on(self, quarter: Quarter) -> date:
        """The day from which a quarter that lacks returns stands as provisional."""
        first = quarter.first_month
        end = Month(first.year, first.number + 2).last_day
        return self.working_day(end, self.provisional_on_working_day)


@cache
def policy() -> Policy:
    """The policy in force."""
    return Policy(**read_yaml(FILE))
