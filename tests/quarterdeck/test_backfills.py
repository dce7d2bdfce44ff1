"""What somebody asks to have processed again, and the record of it."""

import os
import time

import pytest

from quarterdeck.backfills import (
    BackfillError,
    Record,
    Request,
    backfill_id,
    forget_old_scratches,
    read_record,
    records,
    scratch,
    write_record,
)
from quarterdeck.settings import Settings

SOUTHAMPTON = "E06000045"


def parse(**words: str) -> Request:
    return Request.parse(Settings(), **{"first": "2017-18Q2", "last": "2018-19 Q2"} | words)


def test_a_range_holds_both_its_ends() -> None:
    request = parse()
    covered = [
        request.covers(SOUTHAMPTON, "hr_metrics", month) for month in ("2017-06", "2017-07", "2018-09", "2018-10")
    ]
    assert covered == [False, True, True, False]


def test_an_organisation_is_named_by_slug_or_code() -> None:
    assert parse(organisation="Southampton") == parse(organisation=SOUTHAMPTON)
    assert not parse(organisation="southampton").covers("E10000024", "hr_metrics", "2017-12")


def test_empty_words_mean_everything() -> None:
    assert parse(organisation="", feed="", layout_version="") == parse()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"first": "soon"}, "not a fiscal quarter"),
        ({"first": "2019-20 Q1"}, "comes after"),
        ({"organisation": "atlantis"}, "not an organisation"),
        ({"feed": "gossip"}, "the feeds are"),
        ({"layout_version": "a b"}, "names no layout"),
    ],
)
def test_what_cannot_be_meant_is_refused_in_words(words: dict[str, str], said: str) -> None:
    with pytest.raises(BackfillError, match=said):
        parse(**words)


@pytest.mark.parametrize(
    ("version", "meant"), [("hr_update", True), ("hr_update@beef", True), ("@beef", True), ("hr_update@dead", False)]
)
def test_a_layout_version_is_a_name_and_the_start_of_a_hash(version: str, meant: bool) -> None:
    assert parse(layout_version=version).read_with("hr_update", "beef01") is meant
    assert not parse(layout_version=version).read_with(None, None)


def test_the_name_of_a_backfill_can_be_the_name_of_a_file() -> None:
    assert backfill_id("manual__2018-10-01T06:00:00.1+00:00") == "manual-2018-10-01T06-00-00.1-00-00"
    assert "/" not in backfill_id("../../etc/passwd") and not backfill_id("../x").startswith(".")


def test_a_record_is_kept_and_tells_what_changed(settings: Settings) -> None:
    before = {"submissions": {"a": {"file_name": "a.xlsx", "rows_hash": "1"}}, "partitions": {}}
    record = Record("one", True, "ann", parse().words, "2018-10-01T06:00:00+00:00", ["r"], before)
    write_record(settings, record)
    assert read_record(settings, "one") == record and record.state == "begun"
    record.compare(
        {"a": {"file_name": "a.xlsx", "rows_hash": "2"}}, {"E 2018-19 Q2": {"decision": "held", "reason": "b"}}
    )
    assert [(each["submission_id"], each["changed"]) for each in record.submissions or ()] == [("a", True)]
    assert [(each["decision_before"], each["decision"]) for each in record.partitions or ()] == [(None, "held")]
    assert "before" not in record.summary
    record.ended_at = "2018-10-01T06:01:00+00:00"
    write_record(settings, record)
    assert [each.state for each in records(settings)] == ["done"]
    assert read_record(settings, "two") is None


def test_what_a_dry_run_left_goes_after_a_week(settings: Settings) -> None:
    forget_old_scratches(settings)
    for name, days in (("old", 8), ("new", 6)):
        home = scratch(settings, name).home
        home.mkdir(parents=True)
        (home / "build.duckdb").touch()
        os.utime(home, (time.time() - days * 24 * 3600,) * 2)
    forget_old_scratches(settings)
    assert not scratch(settings, "old").home.exists() and scratch(settings, "new").home.exists()
