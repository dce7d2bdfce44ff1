"""`quarterdeck approve`: what it lists, what it records, and how it refuses."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from expectations import approve as approving
from expectations.approvals import Approval
from expectations.pending import Partition
from quarterdeck.cli import app

QUARTER = "2018-19 Q2"
SAID = ("--by", "A. Person", "--reason", "Confirmed")
APPROVAL = Approval("a1", "E10000024", QUARTER, None, "ground", "A. Person", "Confirmed", "2018-10-05T09:00:00+00:00")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data root of this test's own."""
    monkeypatch.setenv("QUARTERDECK_HOME", str(tmp_path))
    return tmp_path


def invoke(*arguments: str) -> tuple[int, str, str]:
    """Exit code, stdout and stderr."""
    result = CliRunner().invoke(app, ["approve", *arguments], catch_exceptions=False)
    return result.exit_code, result.stdout, result.stderr


def test_without_arguments_it_says_what_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    assert invoke() == (0, "Nothing waits for approval.\n", "")
    waiting = [(Partition("E10000024", QUARTER, "f"), "No errors, 1 warning that nobody has approved yet.")]
    monkeypatch.setattr(approving, "awaiting", lambda settings: waiting)
    code, out, _ = invoke("--json")
    assert code == 0
    assert json.loads(out) == [{"organisation": "E10000024", "quarter": QUARTER, "why": waiting[0][1]}]


def test_an_approval_is_recorded_for_an_organisation_by_its_slug(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def record(*what: object, **how: object) -> Approval:
        asked.append((what[1:], how))
        return APPROVAL

    monkeypatch.setattr(approving, "approve", record)
    code, out, _ = invoke("nottinghamshire", "2018-19Q2", *SAID)
    assert code == 0 and "The warnings of E10000024 2018-19 Q2 may pass, says A. Person: Confirmed" in out
    assert asked == [(("E10000024", QUARTER), {"by": "A. Person", "reason": "Confirmed", "override": None})]
    code, out, _ = invoke("nottinghamshire", "2018-19Q2", *SAID, "--json")
    assert json.loads(out)["approved_by"] == "A. Person"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("nowhere", "2018-19Q2", *SAID), "'nowhere' is not an organisation"),
        (("nottinghamshire", "2018", *SAID), "is not a fiscal quarter"),
        (("nottinghamshire", "2018-19Q2"), "needs the name of a person and a reason"),
        (("nottinghamshire", "2018-19Q2", *SAID), "has not been judged"),
    ],
)
def test_what_cannot_be_approved_is_refused(home: Path, arguments: tuple[str, ...], message: str) -> None:
    code, out, error = invoke(*arguments)
    assert (code, out) == (2, "") and message in error
    assert not (home / "approvals").exists()
