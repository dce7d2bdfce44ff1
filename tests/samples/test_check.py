"""What `quarterdeck check` says of the samples: nothing that would hold one, and of a broken one what is wrong."""

import json
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from typer.testing import CliRunner

from quarterdeck.cli import app
from quarterdeck.settings import PROJECT_ROOT

SAMPLES = PROJECT_ROOT / "samples"
SENT = sorted(SAMPLES.glob("*/*/????-??/*"))


def check(*arguments: str) -> tuple[int, list[dict[str, Any]]]:
    """Exit code and findings."""
    result = CliRunner().invoke(app, ["check", *arguments, "--json"], catch_exceptions=False)
    return result.exit_code, json.loads(result.stdout)["findings"]


@pytest.mark.parametrize("path", SENT, ids=lambda path: path.name)
def test_a_sample_says_by_its_path_what_it_is_and_has_no_finding_that_holds_it(path: Path) -> None:
    code, findings = check(str(path))
    assert [finding for finding in findings if finding["severity"] == "error"] == []
    assert code == 0


def test_a_broken_file_is_placed_by_options_and_found_out() -> None:
    place = ["--organisation", "nottinghamshire", "--feed", "highlight_report", "--period", "2018-09"]
    code, findings = check(str(SAMPLES / "broken" / "word_in_number.xlsx"), *place)
    assert [(f["rule"], f["sheet"], f["cell"]) for f in findings if f["severity"] == "error"] == [
        ("number-invalid", "Appendix B", "E7")
    ]
    assert code == 1


def test_the_suite_that_the_gate_puts_to_submissions_is_put_to_the_file(tmp_path: Path) -> None:
    place = "southampton/hr_metrics/2017-12"
    [sample] = (SAMPLES / place).iterdir()
    workbook = openpyxl.load_workbook(sample)
    workbook["Hays"]["B6"] = -648
    altered = tmp_path / place / sample.name
    altered.parent.mkdir(parents=True)
    workbook.save(altered)
    code, findings = check(str(altered))
    assert [(f["rule"], f["sheet"], f["cell"]) for f in findings if f["severity"] == "error"] == [
        ("count-negative", "Hays", "B6")
    ]
    assert code == 1
