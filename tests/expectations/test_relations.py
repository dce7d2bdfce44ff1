"""What expectations look at instead of all rows: a doubled key is among it, wherever it stands."""

from expectations.relations import submission_relations
from expectations.submissions import all_submissions
from quarterdeck.warehouse import connect
from tests.expectations.build import Build


def times(build: Build, *returns: str) -> set[int]:
    """How often keys stand in returns of these measures, a letter a row, as the suite gets to see it."""
    for number, measures in enumerate(returns):
        submission = build.submission(organisation=f"E{number:08d}")
        for row, measure in enumerate(measures, 6):
            build.row("dashboard_measure", submission, row, measure=measure)
    build.save()
    with connect(build.settings, read_only=True) as connection:
        relations = submission_relations(connection, all_submissions(connection))
        [query] = [one.looked_at for one in relations if one.name == "raw.dashboard_measure"]
        assert query
        return {row[0] for row in connection.execute(f"select times from ({query})").fetchall()}


def test_the_same_lines_in_many_returns_are_no_doubled_ones(build: Build) -> None:
    assert times(build, "ab", "ab", "ba") == {1}


def test_a_doubled_line_is_seen_among_returns_with_as_many_lines(build: Build) -> None:
    assert times(build, "ab", "ab", "aa") == {1, 2}


def test_returns_that_double_the_same_line_are_all_looked_at(build: Build) -> None:
    assert times(build, "aab", "aab") == {1, 2}
