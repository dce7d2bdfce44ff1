"""Who is told what, and that nobody is told twice."""

import json
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import pytest

from publication import notices as module
from publication.notices import mark_told, notices
from quarterdeck.deadlines import Policy
from quarterdeck.settings import Settings

POLICY = Policy(remind_on_working_days=[1, 5], provisional_on_working_day=25, days_off=frozenset())
# Due on Tuesday 30 October 2018, for a quarter that ended on 30 September.
SUBMISSIONS = """
    create table submissions as select * from (values
        ('E1', 'Xshire', 'hr_metrics', 'hr', '2018-09', '2018-19 Q2', date '2018-10-30', true, false, false),
        ('E1', 'Xshire', 'hr_metrics', 'sickness', '2018-09', '2018-19 Q2', date '2018-10-30', true, true, false),
        ('E2', 'Yshire', 'hr_metrics', 'hr', '2018-09', '2018-19 Q2', date '2018-10-30', true, true, true),
        ('E3', 'Zshire', 'hr_metrics', 'hr', '2012-09', '2012-13 Q2', date '2012-10-30', true, false, false)
    ) as rows (organisation_code, organisation, feed, return_id, reporting_period, quarter, due_on, expected, received,
        accepted)
"""


@pytest.fixture
def published(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A version with one held partition, a return that is missing and one that is held."""
    version: Path = settings.published / "v00001"
    version.mkdir(parents=True)
    (settings.published / "current").symlink_to("v00001")
    with duckdb.connect(str(version / "marts.duckdb")) as connection:
        connection.execute(SUBMISSIONS)
    partitions = [
        SimpleNamespace(name="E1 2018-19 Q2", decision="held", reason="B7 is 'tbc'.", fingerprint="f1"),
        SimpleNamespace(name="E2 2018-19 Q2", decision="published", reason="No errors.", fingerprint="f2"),
    ]
    manifest = SimpleNamespace(
        version="v00001", created_at=date(2018, 10, 31), rows=12, reason="decided: E2", partitions=partitions
    )
    monkeypatch.setattr(module, "read_manifest", lambda *_: manifest)
    monkeypatch.setattr(module, "policy", lambda: POLICY)
    return settings


def told(settings: Settings, day: date) -> dict[str, Any]:
    return {notice.key: notice for notice in notices(settings, day)}


def test_nothing_is_told_before_the_first_publication(settings: Settings) -> None:
    assert notices(settings, date(2018, 10, 31)) == []


def test_publications_and_held_partitions_are_told_once(published: Settings) -> None:
    found = told(published, date(2018, 10, 30))
    assert list(found) == ["published v00001", "held E1 2018-19 Q2 f1"]
    assert "B7 is 'tbc'." in found["held E1 2018-19 Q2 f1"].text
    mark_told(published, "published v00001")
    assert list(told(published, date(2018, 10, 30))) == ["held E1 2018-19 Q2 f1"]
    assert json.loads((published.home / "notices.json").read_text()) == ["published v00001"]


def test_who_owes_what_is_named_from_the_first_working_day_after_it_was_due(published: Settings) -> None:
    assert not [key for key in told(published, date(2018, 10, 30)) if key.startswith("missing")]
    found = told(published, date(2018, 10, 31))
    texts = sorted(notice.text for notice in found.values() if notice.kind == "missing")
    assert texts == [
        "Xshire owes hr (hr_metrics) for 2018-09. It was due on 2018-10-30 and was not received.",
        "Xshire owes sickness (hr_metrics) for 2018-09. It was due on 2018-10-30 and is held.",
    ]


def test_a_second_reminder_is_another_notice(published: Settings) -> None:
    for key in told(published, date(2018, 10, 31)):
        mark_told(published, key)
    assert told(published, date(2018, 11, 1)) == {}
    again = told(published, date(2018, 11, 6)).values()
    assert [notice.kind for notice in again].count("missing") == 2


def test_a_quarter_stands_provisional_with_what_is_in(published: Settings) -> None:
    keys = [key for key in told(published, date(2018, 11, 1)) if key.startswith("provisional")]
    assert keys == []
    found = told(published, date(2018, 11, 5))["provisional Xshire 2018-19 Q2"]
    assert "- hr (hr_metrics) for 2018-09" in found.text and "- sickness (hr_metrics)" in found.text
