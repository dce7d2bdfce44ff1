"""Every comparison of printed figures that the reference computed, against the verdict that is published."""

import csv
from collections import Counter
from pathlib import Path

import pytest

from tests.reference.verdicts import Row, Stated, declared, differences, reason_not_stated, rows_of, stated


@pytest.fixture(scope="module")
def reference(shared: Path) -> list[Row]:
    """The comparisons that the reference computed; the others were read."""
    with (shared / "reference" / "reconciliation.csv").open(newline="", encoding="utf-8") as stream:
        return [row for row in csv.DictReader(stream) if row["basis"] == "computed"]


@pytest.fixture(scope="module")
def mart(marts) -> list[Row]:
    """The published mart."""
    cursor = marts.execute("from reconciliation")
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


@pytest.fixture(scope="module")
def found(reference: list[Row], mart: list[Row]) -> list[tuple[Row, Stated, list[Row]]]:
    """The stated comparisons with their rows of the mart."""
    return [(check, how, rows_of(check, how, mart)) for check in reference if (how := stated(check))]


def test_stated_comparisons_have_the_verdict_of_the_reference(reference, found):
    wrong = [f"{check['check_id']} {text}" for check, how, rows in found for text in differences(check, how, rows)]
    verdicts = Counter(check["verdict"] for check, _, _ in found)
    print(f"{len(found)} of {len(reference)} comparisons are stated ({dict(verdicts)}), {len(wrong)} differ")
    assert not wrong, "\n" + "\n".join(wrong)
    assert set(verdicts) == {"agrees", "rounds", "disagrees"}


def test_every_other_comparison_says_why_it_is_not_stated(reference):
    reasons = Counter(reason_not_stated(check) for check in reference if not stated(check))
    print("not stated:", *(f"{count} {reason}" for reason, count in reasons.most_common()), sep="\n  ")
    assert None not in reasons


def test_no_comparison_is_both_stated_and_excused(reference):
    assert not [check["check_id"] for check in reference if stated(check) and reason_not_stated(check)]


def test_every_entry_is_needed(reference):
    named = {check_id for entry in declared()["stated"] for check_id in entry.get("named", {})}
    assert named <= {check["check_id"] for check in reference}
    assert {entry["reason"] for entry in declared()["not_stated"]} == {
        reason_not_stated(check) for check in reference if not stated(check)
    }


def test_no_false_alarms(found, mart):
    known = {(row["organisation_code"], row["check_id"]) for _, _, rows in found for row in rows}
    # A tile's derivation is a check of the project's own, beside those that the reference computed.
    alarms = [
        row
        for row in mart
        if row["verdict"] != "agrees"
        and (row["organisation_code"], row["check_id"]) not in known
        and not (row["verdict"] == "rounds" and row["check_id"].startswith("dashboard: "))
    ]
    assert not [f"{row['check_id']}: {row['check']} ({row['verdict']})" for row in alarms]


def test_a_contradiction_holds_no_quarter(mart):
    disagreeing = Counter(row["severity"] for row in mart if row["verdict"] == "disagrees")
    assert set(disagreeing) == {"warning", "info"}
