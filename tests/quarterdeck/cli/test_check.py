"""`quarterdeck check` ends with what would become of the file, and says the same with its exit code."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from quarterdeck.cli import app
from quarterdeck.cli.check import verdict
from quarterdeck.rules import finding
from quarterdeck.settings import PROJECT_ROOT
from tests.loaders.test_library import BASES, CASES
from tests.loaders.workbooks import build

PLACE = {"projects": ("southampton", "highlight_report"), "savings": ("southampton", "budget_monitoring")}


@pytest.mark.parametrize(
    ("rules", "says"),
    [
        ([], "would be accepted: nothing was found"),
        (["number-as-text"], "would be accepted"),
        (["column-unexpected", "number-as-text"], "would be accepted with 1 warning"),
        (["column-unexpected", "number-ambiguous"], "would be accepted with 2 warnings"),
        (["total-missing"], "would be held: 1 error"),
        (["total-missing", "heading-blank", "number-ambiguous"], "would be held: 2 errors and 1 warning"),
    ],
)
def test_a_verdict_counts_what_matters(rules: list[str], says: str) -> None:
    assert verdict([finding(rule, "message") for rule in rules]) == says


@pytest.fixture
def layouts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The layouts of the library of broken files, as those of this installation."""
    import yaml

    from tests.loaders.test_library import LAYOUTS

    folder = tmp_path / "layouts"
    folder.mkdir()
    for name, layout in LAYOUTS.items():
        (folder / f"{name}.yml").write_text(yaml.safe_dump({"layout": name} | layout))
    monkeypatch.setenv("QUARTERDECK_LAYOUTS", str(folder))


@pytest.mark.usefixtures("layouts")
@pytest.mark.parametrize(
    ("name", "code", "last"),
    [
        # It is late by now, which is said for information.
        ("nothing_wrong", 0, "would be accepted."),
        ("column_extra", 0, "would be accepted with 1 warning."),
        ("total_missing_at_the_end", 1, "would be held: 1 error."),
        ("total_that_disagrees", 1, "would be held: 1 error."),
        ("workbook_under_a_password", 1, "would be held: 1 error."),
    ],
)
def test_the_last_line_is_the_verdict(tmp_path: Path, name: str, code: int, last: str) -> None:
    folder = tmp_path / BASES["projects"]["submitted_as"]
    folder.mkdir(parents=True)
    file = build(folder / name, BASES["projects"], CASES[name])
    result = CliRunner().invoke(app, ["check", str(file)], catch_exceptions=False)
    assert result.exit_code == code
    assert result.stdout.splitlines()[-1] == f"{file.name}: {last}"
    document = json.loads(CliRunner().invoke(app, ["check", str(file), "--json"]).stdout)
    assert f"{document['verdict']}." == last


def test_what_cannot_be_checked_has_an_exit_code_of_its_own(tmp_path: Path) -> None:
    file = tmp_path / "somewhere.xlsx"
    file.write_bytes(b"")
    result = CliRunner().invoke(app, ["check", str(file)])
    assert result.exit_code == 2
    assert "--organisation" in result.output


def test_some_options_do_not_go_with_what_the_path_says(tmp_path: Path) -> None:
    folder = tmp_path / BASES["projects"]["submitted_as"]
    folder.mkdir(parents=True)
    file = build(folder / "nothing_wrong", BASES["projects"], {})
    for command in ("check", "submit"):
        result = CliRunner().invoke(app, [command, str(file), "--period", "2018-10"])
        assert result.exit_code == 2
        assert "belong together" in result.output


@pytest.mark.parametrize("name", ["~$report.xlsx", ".report.xlsx"])
def test_a_file_that_nobody_would_take_is_not_said_to_be_accepted(tmp_path: Path, name: str) -> None:
    folder = tmp_path / BASES["projects"]["submitted_as"]
    folder.mkdir(parents=True)
    (folder / name).write_bytes(b"")
    result = CliRunner().invoke(app, ["check", str(folder / name)])
    assert result.exit_code == 2
    assert "never taken" in result.output


@pytest.mark.usefixtures("layouts")
def test_what_stands_in_brackets_is_shown_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    folder = tmp_path / BASES["projects"]["submitted_as"]
    folder.mkdir(parents=True)
    change = {"change": [{"set": {"D4": "[/b] 12", "D5": "[red]12[/red] :warning:"}}]}
    file = build(folder / "a [draft]", BASES["projects"], change)
    result = CliRunner().invoke(app, ["check", str(file)], catch_exceptions=False)
    for text in ("a [draft].xlsx", "'[/b] 12'", "'[red]12[/red] :warning:'"):
        assert text in result.stdout


def test_a_layout_that_is_none_is_said_by_its_file(tmp_path: Path) -> None:
    (tmp_path / "draft.yml").write_text("layout: draft\ntables: []\n")
    told = [sys.executable, "-c", "from quarterdeck.cli import main; main()", "check"]
    told += [str(PROJECT_ROOT / "samples" / "broken" / "empty.xlsx")]
    told += ["--organisation", "nottinghamshire", "--feed", "highlight_report", "--period", "2018-09"]
    done = subprocess.run(told, capture_output=True, text=True, env=os.environ | {"QUARTERDECK_LAYOUTS": str(tmp_path)})
    assert done.returncode == 2
    assert done.stderr.startswith(f"{tmp_path / 'draft.yml'}: it is not a layout:")
    assert "  return_id: Field required" in done.stderr.splitlines()


def test_a_command_that_imports_no_more_than_it_needs_finds_the_same() -> None:
    """In a process of its own: this one may have pandas already, without which the command does."""
    told = [sys.executable, "-c", "from quarterdeck.cli import main; main()", "check"]
    told += [str(PROJECT_ROOT / "samples" / "broken" / "total_contradicts_rows.xlsx")]
    told += ["--organisation", "nottinghamshire", "--feed", "highlight_report", "--period", "2018-09"]
    done = subprocess.run(told, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout.splitlines()[-1] == "total_contradicts_rows.xlsx: would be held: 2 errors."
