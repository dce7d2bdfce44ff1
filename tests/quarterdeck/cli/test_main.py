"""The command line as a whole: what it says of itself, and what it says where nothing can be read or written."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from quarterdeck.cli import app


def told(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "quarterdeck", *arguments],
        env=os.environ | {"QUARTERDECK_HOME": str(home)},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("arguments", [(), ("layout",)], ids=["quarterdeck", "layout"])
def test_every_command_is_told_in_full_in_a_narrow_window(
    arguments: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")

    shown = CliRunner().invoke(app, [*arguments, "--help"]).stdout

    assert "Commands:" in shown
    assert not [line for line in shown.splitlines() if line.endswith("...") and not line.startswith("Usage:")]


def test_a_data_root_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    home = tmp_path / "file"
    home.write_text("no folder")

    found = told(home, "submit", "samples/southampton")

    assert (found.returncode, found.stdout) == (2, "")
    assert f"QUARTERDECK_HOME is '{home}': a folder is needed" in found.stderr
    assert "Traceback" not in found.stderr


def test_a_damaged_build_file_is_named(tmp_path: Path) -> None:
    build = tmp_path / "warehouse" / "build.duckdb"
    build.parent.mkdir()
    build.write_bytes(b"no database" * 1000)

    found = told(tmp_path, "approve")

    assert found.returncode == 2
    assert f"{build} is damaged" in found.stderr and "`quarterdeck run` makes it anew" in found.stderr
    assert "Traceback" not in found.stderr


@pytest.mark.parametrize("arguments", [("gc",), ("publications",), ("publications", "--verify")], ids="-".join)
def test_looking_at_a_data_root_that_is_not_there_makes_none(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    home = tmp_path / "mistyped"

    found = told(home, *arguments)

    assert (found.returncode, found.stdout) == (0, "Nothing has been published yet.\n")
    assert not home.exists()
