"""`docs/add-an-organisation.md`, followed word for word for an invented council: YAML and CSV, and no Python."""

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
from openpyxl import Workbook, load_workbook
from typer.testing import CliRunner

from quarterdeck.cli import app
from quarterdeck.settings import PROJECT_ROOT, Settings
from tests import pipeline

PAGE = (PROJECT_ROOT / "docs" / "add-an-organisation.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+) ?(.*?)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
FILE = "Fenbridge dashboard June 2019.xlsx"
DRAFT = Path("loaders/layouts/fenbridge_dashboard.yml")


def sent() -> Workbook:
    """The workbook that the page shows as a table."""
    (shown,) = re.findall(r"^\| A \|.*?\n\n", PAGE, re.MULTILINE | re.DOTALL)
    workbook = Workbook()
    sheet = workbook.active
    sheet.title = "Dashboard"
    for line in shown.strip().splitlines()[2:]:
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        sheet.append([float(cell) if re.fullmatch(r"[0-9.]+", cell) else cell or None for cell in cells])
    return workbook


@pytest.fixture
def installation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """An installation with seeds, layouts and samples of its own, in the folder where the commands run."""
    ignored = shutil.ignore_patterns("target", "logs", "__pycache__")
    for folder in ("dbt_project", "loaders/layouts", "samples/data"):
        shutil.copytree(PROJECT_ROOT / folder, tmp_path / folder, ignore=ignored)
    shutil.copy(PROJECT_ROOT / "samples" / "build.py", tmp_path / "samples")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("QUARTERDECK_HOME", str(tmp_path / "var"))
    monkeypatch.setenv("QUARTERDECK_DBT_PROJECT", str(tmp_path / "dbt_project"))
    monkeypatch.setenv("QUARTERDECK_LAYOUTS", str(tmp_path / "loaders" / "layouts"))
    return Settings()


def follow(settings: Settings, kind: str, target: str, body: str) -> dict[str, str]:
    """Do what one block of the page says; what each of its commands printed."""
    if kind == "sh":
        return {line: run(settings, shlex.split(line)) for line in body.splitlines()}
    path = Path(target)
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists() and path.suffix == ".csv" or path.name == "workbooks.yml":
        assert path.read_text(encoding="utf-8").endswith("\n")
        with path.open("a", encoding="utf-8") as stream:
            stream.write(body)
    else:
        path.write_text(body, encoding="utf-8")
    return {}


def run(settings: Settings, words: list[str]) -> str:
    """Run a command of the page; `quarterdeck run` without its scheduler."""
    assert words[0] == "quarterdeck"
    if words[1] == "run":
        published = pipeline.run(settings)
        assert published is not None and published.changed
        return ""
    result = CliRunner().invoke(app, words[1:], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def test_the_page_leads_from_a_workbook_to_published_figures(installation: Settings) -> None:
    sent().save(FILE)
    said: dict[str, str] = {}
    for kind, target, body in BLOCKS:
        printed = follow(installation, kind, target, body)
        said |= {" ".join(shlex.split(line)[1:3]): text for line, text in printed.items()}
        if "layout infer" in " ".join(printed):
            assert "Savings target £000" in DRAFT.read_text(encoding="utf-8")
    assert "project_status: 4 rows" in said["layout test"]
    assert "Findings: 0" in said["layout test"]
    assert "would be accepted" in said[f"check {FILE}"]
    with duckdb.connect(str(installation.published / "current" / "marts.duckdb"), read_only=True) as connection:
        rows = connection.execute(
            "select project, rag, target_gbp, at_risk_gbp from marts.project_status"
            " where organisation_code = 'E07999999' order by project"
        ).fetchall()
    assert [(project, rag, float(target), float(at_risk)) for project, rag, target, at_risk in rows] == [
        ("One front desk", "complete", 60_000, 0),
        ("Parks review", "green", 120_000, 0),
        ("Waste contract", "amber", 340_500, 60_000),
    ]
    sample_is_what_was_sent()


def sample_is_what_was_sent() -> None:
    subprocess.run([sys.executable, "samples/build.py"], check=True, capture_output=True)
    folder = Path("samples/fenbridge/highlight_report/2019-06")
    built = load_workbook(folder / FILE)["Dashboard"]
    assert list(built.values) == list(sent().active.values)
    result = CliRunner().invoke(app, ["check", str(folder / FILE)], catch_exceptions=False)
    assert result.exit_code == 0, result.output


def test_every_step_has_something_to_follow() -> None:
    assert [kind for kind, _, _ in BLOCKS] == ["csv", "csv", "csv", "sh", "yaml", "sh", "sh", "sh", "csv", "yaml"]
