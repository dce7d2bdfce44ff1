"""`quarterdeck layout infer`: where a draft is written, and whose it is."""

from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from quarterdeck.cli import app
from tests.loaders.test_library import BASES
from tests.loaders.workbooks import build


@pytest.fixture
def infer(tmp_path: Path) -> list[str]:
    file = build(tmp_path / "report", BASES["projects"], {})
    return ["layout", "infer", str(file), "--organisation", "Southampton", "--feed", "highlight_report", "--output"]


def test_a_draft_is_of_the_organisation_whose_slug_is_given(tmp_path: Path, infer: list[str]) -> None:
    result = CliRunner().invoke(app, [*infer, str(tmp_path / "draft.yml")], catch_exceptions=False)
    assert result.exit_code == 0
    assert yaml.safe_load((tmp_path / "draft.yml").read_text())["organisation"] == "E06000045"


def test_a_draft_is_not_written_over_what_is_there(tmp_path: Path, infer: list[str]) -> None:
    (tmp_path / "finished.yml").write_text("by hand")
    result = CliRunner().invoke(app, [*infer, str(tmp_path / "finished.yml")])
    assert (result.exit_code, (tmp_path / "finished.yml").read_text()) == (2, "by hand")


def test_a_place_that_is_not_there_is_said(tmp_path: Path, infer: list[str]) -> None:
    result = CliRunner().invoke(app, [*infer, str(tmp_path / "nowhere" / "draft.yml")])
    assert result.exit_code == 2
    assert "cannot be written" in result.output
