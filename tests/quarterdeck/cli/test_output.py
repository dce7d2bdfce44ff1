"""What commands print for people."""

import pytest

from quarterdeck.cli.output import emit_table


def test_what_a_row_is_about_is_read_in_one_piece(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    counts = {"rows added": 0, "rows removed": 0, "rows changed": 2, "values changed": 3}

    emit_table([{"mart": "agency_workforce_quarterly", **counts}, {"mart": "submissions", **counts}])

    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[-2:]] == ["agency_workforce_quarterly", "submissions"]
    assert max(map(len, lines)) <= 80


def test_what_stands_in_somebody_s_cell_commands_no_terminal(capsys):
    emit_table([{"what": "tbc\x1b[2J\x9b31m", "note": "two\nlines"}], title="re\x1b]0;port")
    printed = capsys.readouterr().out
    assert "\x1b" not in printed and "\x9b" not in printed
    assert "tbc\ufffd[2J" in printed and "lines" in printed
