"""The gate's decisions: who is held, who is published, and what is said about it."""

import json
from typing import Any

import pytest

from expectations.audit import audit, judge
from expectations.dbt_tests import NotBuiltError
from expectations.evaluate import Evaluation
from expectations.failing_rows import ROWS_LISTED
from expectations.pending import Partition, pending_partitions
from expectations.suites import CANDIDATE, SUBMISSIONS, suite
from quarterdeck.quarantine import in_quarantine
from tests.expectations import marts
from tests.expectations.build import ORGANISATION, Build

OTHER = "E10000024"
DECLARED = sum(len(table.expectations) for name in (SUBMISSIONS, CANDIDATE) for table in suite(name).tables.values())
MINE, THEIRS = (Partition(organisation, marts.QUARTER, "ground") for organisation in (ORGANISATION, OTHER))


def dbt_results(build: Build, *results: dict[str, Any]) -> None:
    """What dbt writes about its last build."""
    build.settings.dbt_target.mkdir(parents=True, exist_ok=True)
    (build.settings.dbt_target / "run_results.json").write_text(json.dumps({"results": list(results)}))


def dbt_test(status: str, relation: str | None = None) -> dict[str, Any]:
    return {
        "unique_id": "test.quarterdeck.sums_agree.0123456789", "status": status, "failures": 2,
        "message": "Got 2 results", "relation_name": relation and f'"build"."dbt_test_failures"."{relation}"',
    }  # fmt: skip


@pytest.fixture
def few_tables(candidate: Build, monkeypatch: pytest.MonkeyPatch) -> Build:
    """The same, with only some tables of each suite, for what does not depend on which expectation speaks."""
    kept = {"risk", "indicator", "figures", "every_row", "arrivals", "risks", "project_status"}
    cut = {
        name: suite(name).model_copy(
            update={"tables": {table: body for table, body in suite(name).tables.items() if table in kept}}
        )
        for name in (SUBMISSIONS, CANDIDATE)
    }
    monkeypatch.setattr("expectations.relations.suite", lambda name: cut[name])
    return candidate


@pytest.fixture
def unevaluated(candidate: Build, monkeypatch: pytest.MonkeyPatch) -> Build:
    """The same, with every expectation taken to hold, for what the gate decides on other grounds."""
    monkeypatch.setattr("expectations.audit.evaluate", lambda settings, relations: Evaluation(88))
    return candidate


@pytest.fixture
def candidate(build: Build) -> Build:
    """Two organisations with a good candidate, and a dbt build whose tests passed."""
    for organisation in (ORGANISATION, OTHER):
        submission = build.submission(organisation=organisation)
        build.row("risk", submission, 6, risk="Capacity", cells={"risk": "A"})
    build.save()
    marts.create_candidate(build)
    both = [(mart, {"organisation_code": code}) for mart in marts.GOOD for code in (ORGANISATION, OTHER)]
    marts.insert_rows(build, *both)
    dbt_results(build, dbt_test("pass"))
    return build


def decisions(build: Build) -> dict[str, str]:
    return {row["organisation_code"]: row["decision"] for row in build.query("from gate.decisions")}


def findings(build: Build) -> list[dict[str, Any]]:
    return build.query("from raw.findings where stage = 'audit' order by message")


def test_what_has_no_error_is_published(candidate: Build) -> None:
    result = judge(candidate.settings, [MINE, THEIRS])
    assert result.evaluated == DECLARED and result.findings == {"error": 0, "warning": 0, "info": 0}
    assert decisions(candidate) == {ORGANISATION: "published", OTHER: "published"}
    assert result.decisions[0].reason == "No errors, no warnings."
    assert candidate.query("select distinct fingerprint, evaluated from gate.decisions") == [
        {"fingerprint": "ground", "evaluated": DECLARED}
    ]


def test_what_moved_since_it_was_built_is_not_decided(few_tables: Build) -> None:
    build = few_tables.settings
    (mine, *_) = [part for part in pending_partitions(build) if part.organisation_code == ORGANISATION]
    assert audit(build, [Partition(mine.organisation_code, mine.quarter, "earlier")]).decisions == []
    assert [decision.quarter for decision in audit(build, [mine]).decisions] == [mine.quarter]


def test_nothing_pending_is_no_audit(few_tables: Build) -> None:
    assert judge(few_tables.settings, []).evaluated == 0
    assert decisions(few_tables) == {}


def test_a_bad_row_in_the_candidate_holds_its_partition_alone(few_tables: Build) -> None:
    few_tables.execute(f"update marts.project_status set rag = 'blue' where organisation_code = '{OTHER}'")
    result = judge(few_tables.settings, [MINE, THEIRS])
    assert decisions(few_tables) == {ORGANISATION: "published", OTHER: "held"}
    [finding] = findings(few_tables)
    assert (finding["rule"], finding["severity"], finding["organisation_code"]) == ("value-unknown", "error", OTHER)
    assert finding["message"] == "'blue' is no RAG rating ('Road Lighting Energy')."
    assert result.decisions[1].reason == finding["message"]


def test_a_bad_row_of_a_submission_is_found_in_its_cell(few_tables: Build) -> None:
    few_tables.execute(f"update raw.risk set risk = null where organisation_code = '{OTHER}'")
    judge(few_tables.settings, [MINE, THEIRS])
    assert decisions(few_tables)[OTHER] == "held"
    [finding] = findings(few_tables)
    assert (finding["sheet"], finding["cell"], finding["file_name"]) == ("A sheet", "A6", "report.xlsx")
    assert finding["submission_id"].startswith(OTHER)


def test_a_file_whose_own_rows_are_wrong_is_quarantined_until_they_are_right(few_tables: Build) -> None:
    few_tables.execute(f"update raw.risk set risk = null where organisation_code = '{OTHER}'")
    judge(few_tables.settings, [MINE, THEIRS])
    [folder] = few_tables.settings.quarantine.iterdir()
    assert folder.name.startswith(OTHER)
    assert (folder / "report.xlsx").read_bytes() == folder.name.encode()
    [said] = json.loads((folder / "findings.json").read_text())
    assert (said["rule"], said["cell"], said["responsibility"]) == ("value-required", "A6", "sender")
    few_tables.execute("update raw.risk set risk = 'Capacity'")
    judge(few_tables.settings, [THEIRS])
    assert in_quarantine(few_tables.settings) == set()


def test_the_reason_names_what_the_sender_can_mend_first(few_tables: Build) -> None:
    few_tables.execute(f"update marts.project_status set rag = 'blue' where organisation_code = '{OTHER}'")
    few_tables.execute(f"update raw.risk set risk = null where organisation_code = '{OTHER}'")
    [decision] = judge(few_tables.settings, [THEIRS]).decisions
    assert decision.reason == "A row of the risk register has no risk. (1 more)"


def test_a_warning_is_published_and_listed(few_tables: Build) -> None:
    submission = f"{ORGANISATION}.report.2018-09.1"
    few_tables.row("indicator", submission, 7, indicator_code="B1", indicator="Spend", fiscal_quarter="2018-19 Q2",
                  measure="actual", value=104, unit="percent", scale=1, cells={"value": "E"})  # fmt: skip
    few_tables.save()
    result = judge(few_tables.settings, [MINE])
    assert decisions(few_tables) == {ORGANISATION: "published"}
    [finding] = findings(few_tables)
    assert (finding["rule"], finding["cell"]) == ("percent-out-of-range", "E7")
    assert result.decisions[0].reason == "No errors, 1 warning."


def test_rows_of_a_superseded_submission_do_not_count(few_tables: Build) -> None:
    few_tables.execute(f"update raw.risk set risk = null where organisation_code = '{OTHER}'")
    later = few_tables.submission(organisation=OTHER, sequence=2)
    few_tables.row("risk", later, 6, risk="Capacity")
    few_tables.save()
    judge(few_tables.settings, [THEIRS])
    assert decisions(few_tables) == {OTHER: "published"}


def test_accepted_rows_that_reach_no_mart_hold_the_partition(few_tables: Build) -> None:
    few_tables.execute(f"delete from marts.risks where organisation_code = '{OTHER}'")
    judge(few_tables.settings, [MINE, THEIRS])
    assert decisions(few_tables) == {ORGANISATION: "published", OTHER: "held"}
    assert findings(few_tables)[0]["message"] == (
        "1 rows of risk were accepted, and the mart risks has none of this quarter."
    )


def test_a_row_that_belongs_to_nobody_holds_everybody(few_tables: Build) -> None:
    marts.insert_rows(few_tables, ("risks", {"organisation_code": None, "risk": "Nobody's"}))
    judge(few_tables.settings, [MINE, THEIRS])
    assert set(decisions(few_tables).values()) == {"held"}


def test_many_failing_rows_are_summed_up(few_tables: Build) -> None:
    doubled = [("risks", {"organisation_code": OTHER, "risk": f"{n}", "twice": True}) for n in range(ROWS_LISTED + 5)]
    marts.insert_rows(few_tables, *doubled)
    judge(few_tables.settings, [THEIRS])
    found = findings(few_tables)
    assert len(found) == ROWS_LISTED + 1
    assert any(row["message"] == "30 more rows of marts.risks fail in the same way." for row in found)


def test_judging_again_replaces_what_was_found_and_decided(few_tables: Build) -> None:
    few_tables.execute("update marts.project_status set rag = 'blue'")
    judge(few_tables.settings, [MINE, THEIRS])
    few_tables.execute(f"update marts.project_status set rag = 'green' where organisation_code = '{OTHER}'")
    judge(few_tables.settings, [THEIRS])
    assert decisions(few_tables) == {ORGANISATION: "held", OTHER: "published"}
    assert [row["organisation_code"] for row in findings(few_tables)] == [ORGANISATION]


@pytest.mark.parametrize(("sequence", "decision"), [(2, "held"), (0, "published")], ids=["latest", "earlier"])
def test_a_held_submission_holds_its_partition_while_it_is_the_latest(
    unevaluated: Build, sequence: int, decision: str
) -> None:
    held = unevaluated.submission(organisation=OTHER, sequence=sequence, status="held")
    unevaluated.save()
    unevaluated.execute(f"insert into raw.findings (stage, submission_id, severity, rule, message)"
                      f" values ('load', '{held}', 'error', 'number-invalid', 'A word stands in E7.')")  # fmt: skip
    judge(unevaluated.settings, [MINE, THEIRS])
    assert decisions(unevaluated) == {ORGANISATION: "published", OTHER: decision}
    if decision == "held":
        [row] = unevaluated.query("from gate.decisions where decision = 'held'")
        assert row["reason"] == "report.xlsx: A word stands in E7."


def test_a_failed_dbt_test_holds_the_partitions_of_its_rows(unevaluated: Build) -> None:
    unevaluated.execute(f"create schema dbt_test_failures; create table dbt_test_failures.sums_agree as"
                      f" select '{OTHER}' as organisation_code, '{marts.QUARTER}' as quarter")  # fmt: skip
    dbt_results(unevaluated, dbt_test("fail", "sums_agree"))
    judge(unevaluated.settings, [MINE, THEIRS])
    assert decisions(unevaluated) == {ORGANISATION: "published", OTHER: "held"}
    assert findings(unevaluated)[0]["rule"] == "dbt-test-failed"


def test_a_failed_dbt_test_whose_rows_name_no_partition_holds_everybody(unevaluated: Build) -> None:
    unevaluated.execute("create schema dbt_test_failures; create table dbt_test_failures.sums_agree as select 1 as n")
    dbt_results(unevaluated, dbt_test("fail", "sums_agree"))
    judge(unevaluated.settings, [MINE, THEIRS])
    assert set(decisions(unevaluated).values()) == {"held"}


@pytest.mark.parametrize("status", ["error", "skipped"])
def test_a_dbt_test_that_did_not_run_holds_everybody(unevaluated: Build, status: str) -> None:
    dbt_results(unevaluated, dbt_test(status))
    judge(unevaluated.settings, [MINE, THEIRS])
    assert set(decisions(unevaluated).values()) == {"held"}


def test_a_dbt_test_that_warns_is_published_and_listed(unevaluated: Build) -> None:
    dbt_results(unevaluated, dbt_test("warn"))
    assert judge(unevaluated.settings, [MINE]).findings == {"error": 0, "warning": 1, "info": 0}
    assert decisions(unevaluated) == {ORGANISATION: "published"}


def test_without_a_candidate_nothing_is_decided(unevaluated: Build) -> None:
    (unevaluated.settings.dbt_target / "run_results.json").unlink()
    with pytest.raises(NotBuiltError, match="build the candidate"):
        judge(unevaluated.settings, [MINE])
    assert decisions(unevaluated) == {}


@pytest.mark.parametrize(("severity", "decision"), [("error", "held"), ("warning", "published")])
def test_tables_that_tell_two_stories_are_found(unevaluated: Build, severity: str, decision: str) -> None:
    told_twice = {"check_id": "c2", "check": "Tile = its table", "printed_value": 49, "recomputed_value": 43,
                  "verdict": "disagrees", "severity": severity}  # fmt: skip
    marts.insert_rows(unevaluated, ("reconciliation", told_twice))
    judge(unevaluated.settings, [MINE])
    assert decisions(unevaluated) == {ORGANISATION: decision}
    [finding] = findings(unevaluated)
    assert finding["severity"] == severity and "£49 printed, against £43 from the other table." in finding["message"]


def test_a_difference_that_is_known_asks_nobody_to_correct_it(unevaluated: Build) -> None:
    known = {
        "check_id": "c2",
        "printed_basis": "counted",
        "printed_value": 3,
        "verdict": "disagrees",
        "severity": "info",
    }
    marts.insert_rows(unevaluated, ("reconciliation", known))
    judge(unevaluated.settings, [MINE])
    [finding] = findings(unevaluated)
    assert (finding["rule"], finding["remedy"]) == ("tables-differ", "Nothing needs to be corrected.")
    assert "3 counted, against" in finding["message"]


@pytest.mark.parametrize(
    ("unit", "printed", "told"),
    [("gbp", -100000, "-£100,000"), ("percent", 67, "67%"), ("fte", 2.5, "2.5 FTE"), ("months", 12, "12 months")],
)
def test_what_tables_tell_is_written_in_its_unit(unevaluated: Build, unit: str, printed: float, told: str) -> None:
    check = {"check_id": "c2", "check": "tile = its table", "printed_value": printed, "unit": unit,
             "verdict": "disagrees", "severity": "warning"}  # fmt: skip
    marts.insert_rows(unevaluated, ("reconciliation", check))
    judge(unevaluated.settings, [MINE])
    [finding] = findings(unevaluated)
    assert finding["message"].startswith(f"Tile = its table: {told} printed, against ")


def test_a_check_that_was_not_made_names_the_file_and_what_is_missing(unevaluated: Build) -> None:
    submission = unevaluated.query("select submission_id, file_name from raw.submissions order by 1")[0]
    not_made = {"check_id": "c2", "verdict": "not_made", "severity": "warning", "printed_value": None,
                "note": "Not made: nothing was found for Total in b.", "submission_id": submission["submission_id"],
                "printed_cell": None}  # fmt: skip
    marts.insert_rows(unevaluated, ("reconciliation", not_made))
    judge(unevaluated.settings, [MINE])
    [finding] = findings(unevaluated)
    assert (finding["rule"], finding["severity"]) == ("tables-not-compared", "warning")
    assert (finding["submission_id"], finding["file_name"]) == (submission["submission_id"], submission["file_name"])
    assert "nothing was found for Total in b" in finding["message"]


def test_what_was_checked_within_a_return_is_not_found_again(unevaluated: Build) -> None:
    found_before = {"check_id": "c2", "scope": "within a return", "verdict": "disagrees", "severity": "warning"}
    marts.insert_rows(unevaluated, ("reconciliation", found_before))
    assert judge(unevaluated.settings, [MINE]).findings["warning"] == 0


def test_a_decided_partition_is_no_longer_pending(unevaluated: Build) -> None:
    judge(unevaluated.settings, pending_partitions(unevaluated.settings))
    decided = unevaluated.query("select organisation_code || ' ' || quarter as name, fingerprint from gate.decisions")
    unevaluated.settings.published.mkdir(parents=True)
    unevaluated.settings.settled.write_text(json.dumps({row["name"]: row["fingerprint"] for row in decided}))
    assert pending_partitions(unevaluated.settings) == []
