"""Events in logs: fields where Airflow has set that up, a line of text elsewhere."""

import logging

import pytest
import structlog

from quarterdeck.events import tell


def test_fields_are_told_as_fields() -> None:
    with structlog.testing.capture_logs() as told:
        structlog.configure(structlog.get_config()["processors"])
        try:
            tell("loaders.load", "submission loaded", submission_id="E06000045.hr_update.2017-12.1")
        finally:
            structlog.reset_defaults()
    assert told == [
        {"event": "submission loaded", "submission_id": "E06000045.hr_update.2017-12.1", "log_level": "info"}
    ]


def test_elsewhere_it_is_a_line_and_nothing_is_printed(
    caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    structlog.reset_defaults()
    with caplog.at_level(logging.INFO):
        tell("loaders.load", "submission loaded", submission_id="E06000045.hr_update.2017-12.1")
    assert "submission loaded" in caplog.text and "E06000045.hr_update.2017-12.1" in caplog.text
    assert capsys.readouterr().out == ""
