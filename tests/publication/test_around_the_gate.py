"""Attempts to publish what has passed no gate: none of its rows may reach a reader."""

import json
from decimal import Decimal

import duckdb

from publication.publish import publish
from publication.store import CURRENT
from tests.publication.candidates import HAMPTON, QUARTER, Candidate, read

TARGETS = f"select project, target_gbp from project_status where organisation_code = '{HAMPTON}' order by all"


def built_by(candidate: Candidate, invocation: str) -> None:
    """Let dbt say that another run finished the candidate."""
    results = {"metadata": {"invocation_id": invocation}, "results": []}
    (candidate.settings.dbt_target / "run_results.json").write_text(json.dumps(results))


def judged_as(candidate: Candidate, invocation: str) -> None:
    """Let the gate have judged the candidate of that run."""
    with duckdb.connect(str(candidate.settings.warehouse)) as connection:
        connection.execute("update gate.decisions set candidate = ?", [invocation])


def tamper(candidate: Candidate) -> None:
    """Another figure, under the decision that was made on the first one."""
    candidate.projects = [
        type(row)(**{**vars(row), "target_gbp": Decimal(1)}) if row.organisation_code == HAMPTON else row
        for row in candidate.projects
    ]


def test_a_candidate_that_was_built_since_is_not_published(candidate: Candidate) -> None:
    candidate.build()
    built_by(candidate, "first")
    judged_as(candidate, "first")
    publish(candidate.settings)
    before = read(candidate.settings, TARGETS)

    tamper(candidate)
    candidate.decide(HAMPTON, "published", "another ground")
    candidate.build()
    built_by(candidate, "second")
    judged_as(candidate, "first")
    publish(candidate.settings)
    assert read(candidate.settings, TARGETS) == before
    settled = json.loads(candidate.settings.settled.read_text())
    assert settled[f"{HAMPTON} {QUARTER}"] != "another ground"


def test_what_was_sent_since_it_was_judged_is_not_published(candidate: Candidate) -> None:
    candidate.build()
    publish(candidate.settings)
    before = read(candidate.settings, TARGETS)

    tamper(candidate)
    candidate.decide(HAMPTON, "published", "another ground")
    candidate.build()
    with duckdb.connect(str(candidate.settings.warehouse)) as connection:
        connection.execute(
            "insert into raw.submissions by name select * replace ('a later one' as submission_id) from raw.submissions"
            " where organisation_code = ? limit 1",
            [HAMPTON],
        )
    publish(candidate.settings)
    assert read(candidate.settings, TARGETS) == before


def test_a_quarter_that_awaits_approval_keeps_its_rows(candidate: Candidate) -> None:
    candidate.build()
    publish(candidate.settings)
    before = read(candidate.settings, TARGETS)

    tamper(candidate)
    candidate.decide(HAMPTON, "awaiting approval", "another ground")
    candidate.build()
    result = publish(candidate.settings)
    assert result.held == [f"{HAMPTON} {QUARTER}"]
    assert read(candidate.settings, TARGETS) == before


def test_an_approval_travels_with_the_version(candidate: Candidate) -> None:
    candidate.extra_sql = [
        "insert into gate.approvals by name select 'a' as approval_id, "
        f"'{HAMPTON}' as organisation_code, '{QUARTER}' as quarter, 'total-disagrees' as rule, 'h' as bound_to, "
        "'A. Person' as approved_by, 'Confirmed by telephone' as reason, '2018-10-05T09:00:00+00:00' as approved_at"
    ]
    candidate.build()
    publish(candidate.settings)
    manifest = json.loads((candidate.settings.published / CURRENT / "manifest.json").read_text())
    approvals = {part["organisation_code"]: part["approvals"] for part in manifest["partitions"]}
    assert approvals[HAMPTON] == [
        {
            "rule": "total-disagrees",
            "approved_by": "A. Person",
            "reason": "Confirmed by telephone",
            "approved_at": "2018-10-05T09:00:00+00:00",
        }
    ]
    assert [said for code, said in approvals.items() if code != HAMPTON] == [[]]
