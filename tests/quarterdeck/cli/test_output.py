"""What commands print for people."""

from quarterdeck.cli.output import emit_table


def test_what_stands_in_somebody_s_cell_commands_no_terminal(capsys):
    emit_table([{"what": "tbc\x1b[2J\x9b31m", "note": "two\nlines"}], title="re\x1b]0;port")
    printed = capsys.readouterr().out
    assert "\x1b" not in printed and "\x9b" not in printed
    assert "tbc\ufffd[2J" in printed and "lines" in printed
