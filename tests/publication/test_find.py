from collections.abc import Iterator

import duckdb
import pytest

from publication.compose import describe
from publication.find import find_row
from publication.manifest import MartContent
from publication.store import PublicationError

KEY = ["quarter", "service", "measure"]
ROWS = """
    values
        ('2018-19 Q1', 'I,P&D', 'posts', 1), ('2018-19 Q2', 'I,P&D', 'posts', 2), ('2018-19 Q2', 'I,P&D', null, 3),
        ('2018-19 Q2', 'Children’s  Services – Social care', 'posts', 4), ('2018-19 Q2', 'C''s', 'posts', 5)
"""


@pytest.fixture
def marts(tmp_path) -> Iterator[tuple[duckdb.DuckDBPyConnection, MartContent]]:
    with duckdb.connect(str(tmp_path / "marts.duckdb")) as connection:
        connection.execute(f"create table posts as select * from ({ROWS}) as t (quarter, service, measure, fte)")
        yield connection, describe(connection, "posts", "partition", KEY)


@pytest.mark.parametrize(
    ("key", "fte"),
    [
        ("children's services - SOCIAL CARE", 4),
        ("service=I,P&D, quarter=2018-19 Q1", 1),
        ("quarter=2018-19Q1", 1),
        ("I,P&D, quarter=2018-19 Q1", 1),
        ("I,P&D, quarter = 2018-19 Q2, measure=", 3),
        ("fte=2", 2),
        ("C's", 5),
    ],
)
def test_a_key_means_one_row(marts, key: str, fte: int) -> None:
    assert find_row(marts[0], "posts", marts[1], key)["fte"] == fte


@pytest.mark.parametrize(
    ("key", "says"),
    [
        (
            "i,p&d",
            "3 rows of posts fit 'i,p&d'. Add what tells them apart:\n  quarter=2018-19 Q1, measure=posts\n"
            "  quarter=2018-19 Q2, measure=posts\n  quarter=2018-19 Q2, measure=",
        ),
        ("children", "No row of posts fits 'children'. There is:\n  service=Children’s  Services – Social care"),
        ("service=I,P&C", "No row of posts fits 'service=I,P&C'. There is:\n  service=I,P&D"),
        (
            "quarter=2018-19 Q1, fte=2",
            "There is:\n  quarter=2018-19 Q1, service=I,P&D, measure=posts\n"
            "  quarter=2018-19 Q2, service=I,P&D, measure=posts",
        ),
        ("colour=red", "posts has no column 'colour'; its key is quarter, service, measure."),
        (" ", "Say which row of posts: its key is quarter, service, measure."),
        ("' or true --", "No row of posts fits"),
    ],
)
def test_any_other_key_says_what_there_is(marts, key: str, says: str) -> None:
    with pytest.raises(PublicationError) as refused:
        find_row(marts[0], "posts", marts[1], key)

    assert says in str(refused.value)


def test_long_lists_are_cut(marts) -> None:
    marts[0].execute("insert into posts select '2018-19 Q3', 'Service ' || i, 'posts', i from range(100, 130) t(i)")

    with pytest.raises(PublicationError) as refused:
        find_row(marts[0], "posts", marts[1], "quarter=2018-19 Q3")

    lines = str(refused.value).splitlines()
    assert (lines[0][:17], len(lines)) == ("More than 20 rows", 21)


def test_a_mart_without_rows(marts) -> None:
    marts[0].execute("delete from posts")

    with pytest.raises(PublicationError, match="There is:\n  nothing"):
        find_row(marts[0], "posts", marts[1], "I,P&D")
