"""Which submissions count or hold, and which do neither any more."""

from expectations.submissions import Submission, latest


def submission(return_id: str, sequence: int, status: str) -> Submission:
    name = f"X.{return_id}.2018-09.{sequence}"
    return Submission(name, "X", return_id, "2018-09", sequence, status, "00", None, "report.xlsx")


def ids(*submissions: Submission) -> list[str]:
    return [f"{each.return_id}.{each.sequence}" for each in latest(submissions)]


def test_the_last_of_a_return_and_month_counts() -> None:
    assert ids(submission("r", 1, "accepted"), submission("r", 2, "held")) == ["r.2"]


def test_what_was_replaced_or_withdrawn_leaves_the_one_before_it() -> None:
    assert ids(submission("r", 1, "accepted"), submission("r", 2, "withdrawn")) == ["r.1"]
    assert ids(submission("r", 1, "superseded"), submission("r", 2, "accepted")) == ["r.2"]


def test_every_file_that_nobody_recognised_holds_by_itself() -> None:
    files = [submission("unrecognised", number, "held") for number in (1, 2)]
    assert ids(*files, submission("unrecognised", 3, "superseded")) == ["unrecognised.1", "unrecognised.2"]
