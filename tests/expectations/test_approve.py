"""What people let pass: recorded with name and reason, bound to what was judged, and gone when that changes."""

import json
import shutil
from pathlib import Path

import pytest

from expectations import pending
from expectations.approvals import recorded
from expectations.approve import NotApprovableError, approve, awaiting
from expectations.arithmetic import check
from expectations.audit import judge
from expectations.evaluate import Evaluation
from expectations.pending import Partition, pending_partitions
from quarterdeck.settings import Settings
from tests.expectations import marts
from tests.expectations.build import ORGANISATION, Build

QUARTER = marts.QUARTER


@pytest.fixture
def cautious(build: Build, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Build:
    """An organisation that wants its warnings approved, with one warning; expectations are taken to hold."""
    build.settings.policy = tmp_path / "policy.yml"
    build.settings.policy.write_text(f"organisations: {{{ORGANISATION}: {{warnings: approve}}}}")
    monkeypatch.setattr("expectations.audit.evaluate", lambda settings, relations: Evaluation(1))
    monkeypatch.setattr(pending, "LOADERS", tmp_path / "no loaders")
    submission = build.submission()
    build.row("risk", submission, 6, risk="Capacity")
    build.save()
    build.execute(
        "insert into raw.findings (stage, submission_id, severity, responsibility, rule, message)"
        f" values ('load', '{submission}', 'warning', 'sender', 'sheet-unexpected', 'A sheet more.')"
    )
    marts.create_candidate(build)
    built(build)
    return build


def built(build: Build) -> None:
    build.settings.dbt_target.mkdir(parents=True, exist_ok=True)
    (build.settings.dbt_target / "run_results.json").write_text(json.dumps({"results": []}))


def run(build: Build) -> tuple[str, str]:
    """Check, judge and carry out what is pending; decision and reason of the only partition."""
    check(build.settings, [row["submission_id"] for row in build.query("from raw.submissions")])
    judge(build.settings, pending_partitions(build.settings))
    [row] = build.query("from gate.decisions")
    build.settings.published.mkdir(parents=True, exist_ok=True)
    build.settings.settled.write_text(json.dumps({f"{ORGANISATION} {QUARTER}": row["fingerprint"]}))
    return row["decision"], row["reason"]


def say_yes(build: Build, **how: str) -> None:
    approve(build.settings, ORGANISATION, QUARTER, **{"by": "A. Person", "reason": "Confirmed by telephone", **how})


def test_warnings_wait_where_the_policy_says_so(cautious: Build) -> None:
    assert run(cautious) == ("awaiting approval", "No errors, 1 warning that nobody has approved yet.")
    [(part, reason)] = awaiting(cautious.settings)
    assert (part.organisation_code, part.quarter) == (ORGANISATION, QUARTER) and "1 warning" in reason
    assert pending_partitions(cautious.settings) == []


def test_warnings_are_published_by_default(cautious: Build) -> None:
    cautious.settings.policy.write_text("default: {warnings: publish}")
    assert run(cautious)[0] == "published"


def test_no_warnings_need_nobody(cautious: Build) -> None:
    cautious.execute("delete from raw.findings")
    assert run(cautious) == ("published", "No errors, no warnings.")


def test_an_approval_makes_the_partition_pending_and_then_published(cautious: Build) -> None:
    run(cautious)
    say_yes(cautious)
    assert len(pending_partitions(cautious.settings)) == 1
    assert run(cautious) == ("published", "No errors, 1 warning, approved by A. Person: Confirmed by telephone")
    [row] = cautious.query("from gate.approvals")
    assert (row["approved_by"], row["reason"], row["rule"]) == ("A. Person", "Confirmed by telephone", None)
    assert awaiting(cautious.settings) == [] and pending_partitions(cautious.settings) == []


def test_an_approval_outlives_the_build_file(cautious: Build, tmp_path: Path) -> None:
    run(cautious)
    say_yes(cautious)
    again = Build(Settings(home=tmp_path / "again", policy=cautious.settings.policy))
    shutil.copytree(cautious.settings.home, again.settings.home)
    again.execute("delete from gate.decisions")
    again.execute("delete from gate.approvals")
    assert run(again)[0] == "published"


def test_a_new_submission_voids_an_approval(cautious: Build) -> None:
    run(cautious)
    say_yes(cautious)
    cautious.submission(sequence=2)
    cautious.save()
    cautious.execute("update raw.findings set submission_id = replace(submission_id, '.1', '.2')")
    assert run(cautious)[0] == "awaiting approval"
    assert len(recorded(cautious.settings)) == 1


@pytest.mark.parametrize(("by", "reason"), [("", "a reason"), ("A. Person", " ")])
def test_an_approval_needs_a_name_and_a_reason(cautious: Build, by: str, reason: str) -> None:
    run(cautious)
    with pytest.raises(NotApprovableError, match="name of a person and a reason"):
        say_yes(cautious, by=by, reason=reason)
    assert recorded(cautious.settings) == []


def test_what_has_moved_since_it_was_judged_cannot_be_approved(cautious: Build) -> None:
    run(cautious)
    cautious.submission(sequence=2)
    cautious.save()
    with pytest.raises(NotApprovableError, match="has changed since it was judged"):
        say_yes(cautious)


def test_a_second_person_is_told_of_the_first(cautious: Build) -> None:
    run(cautious)
    say_yes(cautious)
    with pytest.raises(NotApprovableError, match=r"A\. Person let .* pass already, on .*: Confirmed by telephone"):
        say_yes(cautious, by="B. Person")
    assert len(recorded(cautious.settings)) == 1


def test_what_does_not_wait_cannot_be_approved(cautious: Build) -> None:
    with pytest.raises(NotApprovableError, match="has not been judged"):
        say_yes(cautious)
    cautious.execute("delete from raw.findings")
    run(cautious)
    with pytest.raises(NotApprovableError, match="is published, not awaiting approval"):
        say_yes(cautious)


def contradict(build: Build) -> str:
    """A total that its row contradicts, in a second return; its id."""
    submission = build.submission("totals")
    build.row("project_status", submission, 6, project="A", target=10, rolls_up_to_row=7, cells={"target": "H"})
    build.row("project_status", submission, 7, portfolio="All", target=11, row_type="total", cells={"target": "H"})
    build.save()
    return submission


def test_an_overridden_error_is_a_note_that_says_who_and_why(cautious: Build) -> None:
    cautious.settings.policy.write_text("default: {warnings: publish}")
    submission = contradict(cautious)
    marts.insert_rows(cautious, *((mart, {}) for mart in marts.GOOD))
    decision, reason = run(cautious)
    assert decision == "held" and "£11k is printed" in reason
    say_yes(cautious, override="total-disagrees")
    assert run(cautious)[0] == "published"
    [row] = cautious.query("from raw.findings where rule = 'overridden'")
    assert row["severity"] == "info" and row["cell"] == "H7" and row["submission_id"] == submission
    assert "A. Person let it pass" in row["message"] and "(total-disagrees): Confirmed by telephone" in row["message"]
    assert cautious.query(f"select status from raw.submissions where submission_id = '{submission}'") == [
        {"status": "accepted"}
    ]
    cautious.submission("totals", sequence=2)
    cautious.save()
    run(cautious)
    assert cautious.query("from gate.approvals") == []


@pytest.mark.parametrize(
    ("stage", "rule", "message"),
    [
        ("load", "number-invalid", "kept a file from being read"),
        ("audit", "key-duplicated", "the data team must mend it"),
        ("audit", "no-such-rule", "is not a rule"),
        (None, "total-disagrees", "No error of total-disagrees holds"),
    ],
)
def test_not_every_error_can_be_overridden(cautious: Build, stage: str | None, rule: str, message: str) -> None:
    [part] = pending_partitions(cautious.settings)
    cautious.execute(
        "insert into gate.decisions (organisation_code, quarter, decision, fingerprint)"
        f" values ('{ORGANISATION}', '{QUARTER}', 'held', '{part.fingerprint}')"
    )
    if stage:
        cautious.execute(
            "insert into raw.findings (stage, organisation_code, quarter, severity, rule)"
            f" values ('{stage}', '{ORGANISATION}', '{QUARTER}', 'error', '{rule}')"
        )
    with pytest.raises(NotApprovableError, match=message):
        say_yes(cautious, override=rule)
    assert recorded(cautious.settings) == []


def test_an_approval_is_about_its_own_partition_alone(cautious: Build) -> None:
    run(cautious)
    say_yes(cautious)
    [part] = pending_partitions(cautious.settings)
    judge(cautious.settings, [Partition(ORGANISATION, QUARTER, "another", "another ground", part.submitted)])
    assert cautious.query("select decision from gate.decisions") == [{"decision": "awaiting approval"}]
