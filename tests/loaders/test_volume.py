"""A month of all organisations: 330 of them, four feeds, a few batches; one broken file among them."""

import csv
import logging
import zipfile
from pathlib import Path

import pytest

from loaders.load import load_batches
from loaders.read import read_batch
from loaders.receive import due, receive
from quarterdeck.feeds import FEEDS
from quarterdeck.settings import Settings
from tests import pipeline

ORGANISATIONS = 330
PERIOD = "2017-12"
BROKEN = ("X00007", "budget_monitoring")


@pytest.fixture
def country(tmp_path: Path, settings: Settings, samples: Path) -> Settings:
    """A landing folder with a file of every organisation and feed, each of other bytes, and their seeds and layouts."""
    project, layouts = tmp_path / "project", tmp_path / "layouts"
    (project / "seeds").mkdir(parents=True)
    layouts.mkdir()
    for seed in settings.seeds.glob("*.csv"):
        (project / "seeds" / seed.name).write_bytes(seed.read_bytes())
    with (project / "seeds" / "organisations.csv").open("a", newline="") as stream:
        columns = next(csv.reader((settings.seeds / "organisations.csv").open()))
        writer = csv.DictWriter(stream, columns)
        for number in range(ORGANISATIONS):
            code = f"X{number:05d}"
            writer.writerow({"organisation_code": code, "slug": code.lower(), "organisation": f"Organisation {number}"})
    own = (settings.layouts / "southampton_hr_update.yml").read_text()
    for feed in FEEDS:
        text = own.replace("organisation: E06000045", 'organisation: "*"').replace("hr_metrics", feed.name)
        text = text.replace("southampton_hr_update", f"of_{feed.name}").replace(
            "return_id: hr_update", f"return_id: of_{feed.name}"
        )
        (layouts / f"of_{feed.name}.yml").write_text(text)
    apart = settings.model_copy(update={"dbt_project": project, "layouts": layouts})
    sample = (samples / "southampton" / "hr_metrics" / PERIOD / "HR update.xlsx").read_bytes()
    for number in range(ORGANISATIONS):
        for feed in FEEDS:
            file = apart.landing / f"X{number:05d}" / feed.name / PERIOD / "HR update.xlsx"
            file.parent.mkdir(parents=True)
            file.write_bytes(sample)
            with zipfile.ZipFile(file, "a") as workbook:
                workbook.comment = f"{number} {feed.name}".encode()
    broken = apart.landing / BROKEN[0] / BROKEN[1] / PERIOD / "HR update.xlsx"
    broken.write_bytes(sample[: len(sample) // 2])
    return apart


def test_a_month_of_1320_files_is_a_few_batches_and_a_broken_one_costs_the_others_nothing(
    country: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "loaders")
    months = due(country)
    assert months == sorted((feed.name, PERIOD) for feed in FEEDS)
    held, accepted = [], 0
    for feed, period in months:
        batches = receive(country, feed, period)
        assert [len(batch) for batch in batches] == [200, 130]
        loaded = load_batches(country, [read_batch(country, feed, period, batch) for batch in batches])
        accepted += len(loaded.accepted)
        held += loaded.held
    assert accepted == ORGANISATIONS * len(FEEDS) - 1
    assert held == [f"{BROKEN[0]}.unrecognised.{PERIOD}.1"]
    ((submissions, rows),) = pipeline.query(
        country, "select count(distinct submission_id), count(*) from raw.agency where measure = 'shifts_filled'"
    )
    assert (submissions, rows) == (accepted, accepted * 6)
    assert due(country) == []
    progress = [record.getMessage() for record in caplog.records]
    assert sum("200 files read in" in line for line in progress) == 4
    assert f"budget_monitoring {PERIOD}: 330 files to read, in 2 batches" in progress
