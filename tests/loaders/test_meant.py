"""What a sender is told of a cell that cannot be read."""

from datetime import date, time

import pytest

from loaders.meant import probably


@pytest.mark.parametrize(
    ("value", "reads", "says"),
    [
        ("99.81", "percent", "If 99.81 % is meant, type '99.81%'"),
        ("0.85", "percent", "Type '85%' if 85 % is meant, or '0.85%' if it is that"),
        ("120%", "number", "Type the number alone, in the unit of its heading"),
        ("340,5", "number", "If 340.5 is meant, type it with a point"),
        ("1\u00a0210", "number", "If 1210 is meant, type it without the spaces"),
        ("(120", "number", "brackets"),
        ("N/A", "number", "Leave the cell blank where there is no figure"),
        ("tbc", "number", "Leave the cell blank where there is no figure"),
        ("£1.2m", "number", "Type the number alone"),
        ("200-", "number", "If -200 is meant, type its minus before it"),
        ("1.25E+03", "number", "Format the cell as a number, so that all of its digits are written"),
        (date(2018, 9, 8), "number", "format the cell as a number"),
        (date(2018, 9, 8), "fraction", "as text, as in '8/9"),
        (time(5, 44), "duration", "as in 00:04:30"),
        (5.44, "duration", "as in '5:44 mins'"),
        ("about twelve", "number", "Type the number, or leave the cell blank"),
        ("most", "percent", "Type the number, or leave the cell blank"),
    ],
)
def test_a_hint_says_what_to_type(value, reads, says):
    assert says in probably(value, reads)
