"""`quarterdeck trace`: what it prints and how it ends, on a small version whose file lies in a real archive."""

import json
import os
import subprocess
import sys
from decimal import Decimal

import pytest
from typer.testing import CliRunner, Result

from quarterdeck.cli import app
from quarterdeck.cli.output import DONE, FOUND, UNUSABLE
from quarterdeck.cli.trace import ArchivedCells
from quarterdeck.settings import Settings
from tests.publication import small_version

PLACE = f"portfolio=Place, quarter={small_version.QUARTER}"
SHA256 = small_version.source().sha256


@pytest.fixture
def version(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("QUARTERDECK_HOME", str(settings.home))
    small_version.write(settings)
    return settings


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["trace", *arguments])


def test_a_figure_in_text(version: Settings) -> None:
    result = run("project_status", "street lighting", "at_risk_gbp")

    assert result.exit_code == DONE
    assert result.stdout.splitlines() == [
        "project_status in v00001, published 2018-10-06 12:00 UTC",
        "  organisation: Hampton",
        "  organisation_code: E06000001",
        "  quarter: 2018-19 Q2",
        "  portfolio: Place",
        "  project: Street lighting",
        "",
        "at_risk_gbp: 20,500",
        "  '(csv)'!C2 [1] holds (20.5), read as -20.5; x -1,000 = 20,500, as published",
        "",
        "Submitted files",
        "  [1] E06000001.report.2018-09.1: report.csv",
        f"      received 2018-10-05 09:00 UTC, sha256 {SHA256}",
    ]


def test_a_total_in_text(version: Settings) -> None:
    result = run("portfolio_savings", PLACE, "share_percent")

    assert result.exit_code == DONE
    assert result.stdout.splitlines()[5:17] == [
        "share_percent: 1.64",
        "  what is at risk of the target (percent)",
        "  + 20,500 at_risk_gbp",
        "      what is at risk (sum)",
        "      + 20,500 project_status.at_risk_gbp (project Street lighting): '(csv)'!C2 [1] holds (20.5), "
        "read as -20.5; x -1,000 = 20,500",
        "        and 1 blank",
        "      = 20,500, as published",
        "  / 1,250,500 target_gbp",
        "      its targets, added up (sum)",
        "      + 250,500 project_status.target_gbp (project Fleet): '(csv)'!B3 [1] holds 250.5; x 1,000 = 250,500",
        "      + 1,000,000 project_status.target_gbp (project Street lighting): '(csv)'!B2 [1] holds 1000; "
        "x 1,000 = 1,000,000",
        "      = 1,250,500, as published",
    ]


def test_every_figure_of_a_row_in_json(version: Settings) -> None:
    result = run("project_status", "Street lighting", "--json")

    assert result.exit_code == DONE
    document = json.loads(result.stdout)
    target = next(figure for figure in document["figures"] if figure["column"] == "target_gbp")
    assert document["version"] == "v00001" and target["agrees"] is True
    assert Decimal(target["value"]) == Decimal(target["recomputed"]) == 1000000
    assert (target["cell"]["cell"], target["cell"]["sha256"], target["cell"]["holds"]) == ("B2", SHA256, "1000")


def test_a_figure_that_its_rule_does_not_give(version: Settings) -> None:
    result = run("portfolio_savings", PLACE, "wrong_gbp")

    assert result.exit_code == FOUND
    assert "  = 250,500, but 1 is published" in result.stdout.splitlines()


def test_a_file_that_the_archive_has_lost(version: Settings) -> None:
    version.archived(SHA256).unlink()

    result = run("project_status", "Street lighting", "target_gbp")

    assert result.exit_code == FOUND
    assert f"'(csv)'!B2 [1]: the archived file {version.archived(SHA256)} cannot be read" in result.stdout


def test_a_file_that_is_not_what_was_received(version: Settings) -> None:
    version.archived(SHA256).write_text(small_version.FILE.replace("1000", "2000"))

    result = run("project_status", "Street lighting", "target_gbp")

    assert result.exit_code == FOUND
    assert "is not what was received: its hash differs" in result.stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ("projects", "x"),
        ("project_status", "no such project"),
        ("project_status", "Fleet"),
        ("project_status", "Street lighting", "quarter"),
        ("project_status", "Street lighting", "--version", "9"),
        ("project_status",),
    ],
)
def test_unusable_input(version: Settings, arguments: tuple[str, ...]) -> None:
    result = run(*arguments)

    assert result.exit_code == UNUSABLE
    assert result.stderr and not result.stdout


def test_a_sheet_that_the_file_does_not_have(version: Settings) -> None:
    from publication.trace import UnreadableCellError

    with pytest.raises(UnreadableCellError, match="'report.csv' has no sheet 'Projects'"):
        ArchivedCells(version)(small_version.source(), "Projects", "A1", None)


@pytest.mark.parametrize(
    ("text", "unit", "numbers"),
    [
        ("(20.5)", "gbp", ["-20.5"]),
        ("£1.99M", "gbp", ["1990000"]),
        ("£250,000k", "gbp", ["250000"]),
        ("5:44 mins", "seconds", ["344"]),
        ("4.73/ 4.93", "score", ["4.73", "4.93"]),
        ("Fleet", "gbp", [None]),
        ("", "gbp", [None]),
    ],
)
def test_the_numbers_that_a_text_says(version: Settings, text: str, unit: str, numbers: list[str | None]) -> None:
    path = version.archived(SHA256)
    path.write_text(f'Figure\n"{text}",\n', encoding="utf-8")
    source = small_version.source().model_copy(update={"sha256": _hash_of(path.read_bytes())})
    version.archived(source.sha256).parent.mkdir(parents=True, exist_ok=True)
    path.rename(version.archived(source.sha256))

    content = ArchivedCells(version)(source, small_version.SHEET, "A2", unit)

    assert content.text == text
    assert content.numbers == tuple(number and Decimal(number) for number in numbers)


def _hash_of(content: bytes) -> str:
    import hashlib

    return hashlib.sha256(content).hexdigest()


def test_nothing_heavy_is_imported(version: Settings) -> None:
    script = (
        "import sys; from quarterdeck.cli import app\n"
        "try: app(['trace', 'project_status', 'Street lighting', 'target_gbp'])\n"
        "except SystemExit as end: assert not end.code, end.code\n"
        "print(sorted({name.partition('.')[0] for name in sys.modules}))"
    )
    environment = os.environ | {"QUARTERDECK_HOME": str(version.home)}

    run = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True)

    heavy = {"pandas", "numpy", "pyarrow", "sqlalchemy", "dbt", "airflow", "great_expectations", "openpyxl"}
    assert "1,000,000" in run.stdout
    assert {name for name in heavy if f"'{name}'" in run.stdout} == set()
