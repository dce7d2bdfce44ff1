"""From landing to the raw schema, with real files of the samples."""

import json
import shutil
from pathlib import Path

import pytest

from loaders.load import load_batches
from loaders.read import read_batch
from loaders.receive import due, receive
from quarterdeck.warehouse import connect

HR = ("southampton", "hr_metrics", "2017-12")
HR_ID = "E06000045.hr_update.2017-12"


@pytest.fixture
def hr_file(samples) -> Path:
    return next(samples.joinpath(*HR).iterdir())


def land(settings, file, place=HR, name=None):
    target = settings.landing.joinpath(*place) / (name or file.name)
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(file, target)


def run(settings, feed=HR[1], period=HR[2]):
    batches = receive(settings, feed, period)
    return load_batches(settings, [read_batch(settings, feed, period, batch) for batch in batches])


def rows(settings, query):
    with connect(settings, read_only=True) as connection:
        return connection.execute(query).fetchall()


def agency_total(settings):
    return rows(settings, "select count(*), sum(value) from raw.agency")


def altered(file, target, change):
    from openpyxl import load_workbook

    workbook = load_workbook(file)
    change(workbook)
    workbook.save(target)
    return target


@pytest.fixture
def corrected_file(hr_file, tmp_path) -> Path:
    def change(workbook):
        workbook["Hays"]["B6"] = 649

    return altered(hr_file, tmp_path / "corrected.xlsx", change)


@pytest.fixture
def broken_file(hr_file, tmp_path) -> Path:
    def change(workbook):
        workbook["Hays"]["B6"] = "several"

    return altered(hr_file, tmp_path / "broken.xlsx", change)


def test_a_file_is_archived_loaded_and_gone_from_landing(settings, hr_file):
    land(settings, hr_file)
    assert due(settings) == [HR[1:]]
    assert run(settings).accepted == [f"{HR_ID}.1"]
    assert due(settings) == []
    assert not list(settings.landing.rglob("*.xlsx"))
    ((sha256, status),) = rows(settings, "select sha256, status from raw.submissions")
    assert settings.archived(sha256).read_bytes() == hr_file.read_bytes()
    assert status == "accepted"
    assert agency_total(settings)[0][0] == 24


def test_the_same_bytes_again_change_nothing_and_keep_their_receipt(settings, hr_file):
    land(settings, hr_file)
    run(settings)
    before = agency_total(settings)
    land(settings, hr_file, name="sent again.xlsx")
    assert due(settings) == []
    assert receive(settings, *HR[1:]) == []
    assert not list(settings.landing.rglob("*.xlsx"))
    assert agency_total(settings) == before
    assert len([path for path in settings.archive.rglob("*.json") if ".loaded" not in path.name]) == 2


def test_a_resubmission_is_a_new_submission_that_restates_the_first(settings, hr_file, corrected_file):
    land(settings, hr_file)
    run(settings)
    land(settings, corrected_file)
    assert run(settings).accepted == [f"{HR_ID}.2"]
    assert rows(settings, "select submission_id, restates from raw.submissions order by sequence") == [
        (f"{HR_ID}.1", None),
        (f"{HR_ID}.2", f"{HR_ID}.1"),
    ]
    figures = "select submission_id, value from raw.agency where measure = 'shifts_filled' and month = '2017-07'"
    assert sorted(rows(settings, figures)) == [(f"{HR_ID}.1", 648), (f"{HR_ID}.2", 649)]


def test_going_back_to_the_first_version_is_a_third_submission(settings, hr_file, corrected_file):
    for file in (hr_file, corrected_file, hr_file):
        land(settings, file)
        run(settings)
    assert rows(settings, "select sequence, status from raw.submissions order by 1") == [
        (1, "accepted"),
        (2, "accepted"),
        (3, "accepted"),
    ]


def test_a_sighting_that_is_read_again_does_not_come_back_as_the_latest(settings, hr_file, corrected_file, monkeypatch):
    for file, name in ((hr_file, "first.xlsx"), (hr_file, "again.xlsx"), (corrected_file, "corrected.xlsx")):
        land(settings, file, name=name)
        run(settings)
    monkeypatch.setattr("loaders.receive.reader_version", lambda _: "another reader")
    run(settings)
    latest = "select file_name from raw.submissions order by sequence desc limit 1"
    assert rows(settings, latest) == [("corrected.xlsx",)]


def test_a_broken_file_is_held_with_its_findings_and_loads_no_row(settings, broken_file):
    land(settings, broken_file)
    assert run(settings).held == [f"{HR_ID}.1"]
    assert agency_total(settings)[0][0] == 0
    folder = settings.quarantine / f"{HR_ID}.1"
    assert (folder / broken_file.name).read_bytes() == broken_file.read_bytes()
    (finding,) = [found for found in json.loads((folder / "findings.json").read_text()) if found["severity"] == "error"]
    assert (finding["rule"], finding["sheet"], finding["cell"]) == ("number-invalid", "Hays", "B6")


def test_a_broken_file_costs_its_batch_nothing(settings, samples, hr_file, broken_file):
    land(settings, hr_file)
    land(settings, broken_file, ("oxfordshire", *HR[1:]))
    result = run(settings)
    assert (result.accepted, len(result.held)) == ([f"{HR_ID}.1"], 1)


def test_a_build_file_that_is_gone_is_rebuilt_from_the_archive_alone(settings, hr_file, corrected_file):
    for file in (hr_file, corrected_file):
        land(settings, file)
        run(settings)
    before = (
        rows(settings, "select * from raw.submissions order by all"),
        rows(settings, "from raw.agency order by all"),
    )
    settings.warehouse.unlink()
    assert due(settings) == [HR[1:]]
    run(settings)
    after = rows(settings, "select * from raw.submissions order by all"), rows(settings, "from raw.agency order by all")
    assert after == before


def test_a_load_that_is_interrupted_leaves_nothing_and_is_done_again(settings, hr_file, monkeypatch):
    land(settings, hr_file)
    batches = receive(settings, *HR[1:])
    folders = [read_batch(settings, *HR[1:], batch) for batch in batches]
    monkeypatch.setattr("loaders.load._copy_rows", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        load_batches(settings, folders)
    assert rows(settings, "select * from raw.submissions") == []
    monkeypatch.undo()
    assert run(settings).accepted == [f"{HR_ID}.1"]


def test_a_changed_layout_reads_its_files_again_and_no_others(settings, hr_file, tmp_path):
    folder = tmp_path / "layouts"
    shutil.copytree(settings.layouts, folder)
    land(settings, hr_file)
    run(settings)
    apart = settings.model_copy(update={"layouts": folder})
    other = folder / "oxfordshire_transformation_highlight_report.yml"
    other.write_text(other.read_text() + "\n# A comment.\n")
    assert due(apart) == []
    from loaders.layout import load_layouts

    load_layouts.cache_clear()
    own = folder / "southampton_hr_update.yml"
    own.write_text(own.read_text() + "\n# A comment.\n")
    assert due(apart) == [HR[1:]]
    assert run(apart).accepted == [f"{HR_ID}.1"]
    assert agency_total(apart)[0][0] == 24


def test_a_file_that_no_layout_knows_waits_for_one_and_holds_until_then(settings, samples, hr_file):
    foreign = next(samples.joinpath("oxfordshire", "budget_monitoring", "2019-06").iterdir())
    land(settings, foreign)
    assert run(settings).held == ["E06000045.unrecognised.2017-12.1"]
    land(settings, hr_file)
    run(settings)
    assert rows(settings, "select return_id, status from raw.submissions order by 1") == [
        ("hr_update", "accepted"),
        ("unrecognised", "superseded"),
    ]


@pytest.mark.parametrize("place", [("atlantis", *HR[1:]), (HR[0], "gossip", HR[2]), (HR[0], HR[1], "2017-13")])
def test_a_file_that_cannot_be_placed_is_kept_in_quarantine(settings, hr_file, place):
    land(settings, hr_file, place)
    assert due(settings) == []
    (folder,) = settings.quarantine.iterdir()
    assert (folder / hr_file.name).read_bytes() == hr_file.read_bytes()
    assert json.loads((folder / "findings.json").read_text())[0]["rule"] == "path-unknown"
