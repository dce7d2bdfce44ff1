"""`quarterdeck withdraw`, and `submit` before it, as a person uses them."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from loaders.receive import due
from quarterdeck.cli import app
from quarterdeck.settings import Settings
from tests import pipeline

HELD = "E06000045.unrecognised.2017-12.1"


@pytest.fixture
def held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A data root with a file in quarantine that nobody recognised."""
    monkeypatch.setenv("QUARTERDECK_HOME", str(tmp_path / "home"))
    file = tmp_path / "southampton" / "hr_metrics" / "2017-12" / "What is this.csv"
    file.parent.mkdir(parents=True)
    file.write_text("What we did,on our holidays\n")
    assert CliRunner().invoke(app, ["submit", str(file)]).exit_code == 0
    settings = Settings()
    pipeline.ingest(settings)
    return settings


def test_nobody_waits_for_a_file_that_was_submitted(
    tmp_path: Path, held: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QUARTERDECK_SETTLE_SECONDS", "60")
    file = tmp_path / "southampton" / "hr_metrics" / "2017-12" / "What is this.csv"
    file.write_text("Other,words\n")
    assert CliRunner().invoke(app, ["submit", str(file)]).exit_code == 0
    monkeypatch.setattr("loaders.receive.time.sleep", lambda seconds: pytest.fail("it waits"))
    pipeline.ingest(Settings())
    assert not list(held.landing.rglob("*.csv"))


def test_a_withdrawn_file_holds_nothing_and_says_who_took_it_back(held: Settings) -> None:
    command = ["withdraw", HELD, "--reason", "Sent by mistake.", "--by", "J Smith"]
    said = CliRunner().invoke(app, [*command, "--json"])
    assert said.exit_code == 0, said.output
    document = json.loads(said.stdout)
    assert (document["by"], document["reason"], document["file_name"]) == (
        "J Smith", "Sent by mistake.", "What is this.csv",
    )  # fmt: skip
    assert due(held) == [("hr_metrics", "2017-12")]
    pipeline.ingest(held)
    query = "select status, released_by, release_reason, released_at from raw.submissions"
    assert pipeline.query(held, query) == [("withdrawn", "J Smith", "Sent by mistake.", document["at"])]
    again = CliRunner().invoke(app, command)
    assert again.exit_code == 2
    assert "taken back by J Smith" in again.output


@pytest.mark.parametrize(
    "arguments",
    [
        ["E06000045.unrecognised.2017-12.7", "--reason", "Sent by mistake."],
        [HELD, "--reason", "  "],
        [HELD, "--reason", "Sent by mistake.", "--by", ""],
        [HELD],
    ],
)
def test_a_withdrawal_names_a_submission_and_a_reason(held: Settings, arguments: list[str]) -> None:
    assert CliRunner().invoke(app, ["withdraw", *arguments]).exit_code == 2
    assert due(held) == []
