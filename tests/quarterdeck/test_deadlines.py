"""Working days, and the policy as it is shipped."""

from datetime import date

from quarterdeck.deadlines import Policy, policy
from quarterdeck.periods import Quarter

CHRISTMAS = Policy(
    remind_on_working_days=[1, 3],
    provisional_on_working_day=2,
    days_off=frozenset({date(2018, 12, 25), date(2018, 12, 26)}),
)


def test_weekends_and_days_off_are_passed_over() -> None:
    assert CHRISTMAS.working_day(date(2018, 12, 21), 1) == date(2018, 12, 24)
    assert CHRISTMAS.working_day(date(2018, 12, 21), 2) == date(2018, 12, 27)


def test_reminders_count_from_the_day_it_was_due() -> None:
    assert CHRISTMAS.reminders(date(2018, 12, 24)) == [date(2018, 12, 27), date(2018, 12, 31)]


def test_a_quarter_is_provisional_so_many_working_days_after_its_end() -> None:
    assert CHRISTMAS.provisional_on(Quarter.parse("2018-19 Q2")) == date(2018, 10, 2)
    assert CHRISTMAS.provisional_on(Quarter.parse("2018-19 Q3")) == date(2019, 1, 2)
    assert CHRISTMAS.provisional_on(Quarter.parse("2018-19 Q4")) == date(2019, 4, 2)


def test_the_shipped_policy_is_whole() -> None:
    assert policy().reminders(date(2026, 12, 24))[0] == date(2026, 12, 29)
    # Where 1 January is a Saturday, the Monday after it is off.
    assert policy().reminders(date(2027, 12, 31))[0] == date(2028, 1, 4)
    assert all(day.weekday() < 5 for day in policy().days_off)
