"""Events in logs: with fields where a task runs, a line of text elsewhere."""

import logging

import pytest
import structlog

from quarterdeck.events import IN_A_TASK, tell


def test_a_task_tells_fields(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(IN_A_TASK, "load")
    with structlog.testing.capture_logs() as told:
        tell("loaders.load", "submission loaded", submission_id="E06000045.hr_update.2017-12.1")
    assert told == [
        {"event": "submission loaded", "submission_id": "E06000045.hr_update.2017-12.1", "log_level": "info"}
    ]


def test_elsewhere_it_is_a_line_and_nothing_is_printed(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv(IN_A_TASK, raising=False)
    with caplog.at_level(logging.INFO):
        tell("loaders.load", "submission loaded", submission_id="E06000045.hr_update.2017-12.1")
    assert "submission loaded" in caplog.text and "E06000045.hr_update.2017-12.1" in caplog.text
    assert capsys.readouterr().out == ""
