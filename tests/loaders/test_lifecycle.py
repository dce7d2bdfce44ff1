"""From landing to the raw schema, with real files of the samples."""

import json
import os
import shutil
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from loaders import archive
from loaders.archive import Withdrawal, receipts, received_as, withdraw
from loaders.layout import load_layouts
from loaders.load import LoadError, _longest_line, load_batches
from loaders.read import read_batch
from loaders.receive import due, receive, receive_due, sweep, waiting
from quarterdeck.cli import app
from quarterdeck.quarantine import in_quarantine
from quarterdeck.warehouse import connect

HR = ("southampton", "hr_metrics", "2017-12")
HR_ID = "E06000045.hr_update.2017-12"
FINDINGS = "select submission_id, rule, message from raw.findings"


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


@pytest.mark.parametrize("batch_files", [200, 1])
def test_two_files_of_one_return_that_come_together_are_told_and_the_last_one_counts(
    settings, hr_file, corrected_file, batch_files
):
    settings = settings.model_copy(update={"batch_files": batch_files})
    land(settings, corrected_file, name="HR update (final).xlsx")
    land(settings, hr_file, name="HR update.xlsx")
    assert run(settings).accepted == [f"{HR_ID}.1", f"{HR_ID}.2"]
    said = {rule: (submission, text) for submission, rule, text in rows(settings, FINDINGS)}
    submission, message = said["return-sent-twice"]
    assert submission == f"{HR_ID}.2"
    assert "'HR update (final).xlsx'" in message and "'HR update.xlsx', which alone counts" in message


def test_a_correction_that_is_submitted_before_the_run_comes_after_what_it_corrects(
    settings, hr_file, corrected_file, tmp_path, monkeypatch
):
    monkeypatch.setenv("QUARTERDECK_HOME", str(settings.home))
    folder = tmp_path.joinpath(*HR)
    folder.mkdir(parents=True)
    for file in (hr_file, corrected_file):
        shutil.copyfile(file, folder / "HR update.xlsx")
        assert CliRunner().invoke(app, ["submit", str(folder)]).exit_code == 0
    run(settings)
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
    assert run(settings).accepted == [f"{HR_ID}.1", f"{HR_ID}.2"]
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


def test_as_much_memory_is_set_aside_as_the_longest_line_asks_for(tmp_path, monkeypatch):
    monkeypatch.setattr("loaders.load._LONGEST_LINE", 10)
    file = tmp_path / "agency.jsonl"
    file.write_text("x" * 5 + "\n" + "x" * 30 + "\n" + "x" * 8 + "\n")
    empty = tmp_path / "empty.jsonl"
    empty.touch()
    assert _longest_line([empty]) == 10
    assert _longest_line([empty, file]) == 32


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


@pytest.mark.parametrize("place", [("atlantis", *HR[1:]), (HR[0], "gossip", HR[2]), (HR[0], HR[1], "2017-13")])
def test_a_file_that_cannot_be_placed_is_kept_in_quarantine(settings, hr_file, place):
    land(settings, hr_file, place)
    assert due(settings) == []
    sweep(settings)
    assert due(settings) == []
    assert not list(settings.landing.rglob("*.xlsx"))
    (folder,) = settings.quarantine.iterdir()
    assert (folder / hr_file.name).read_bytes() == hr_file.read_bytes()
    assert json.loads((folder / "findings.json").read_text())[0]["rule"] == "path-unknown"


def test_a_file_leaves_landing_when_the_disk_has_its_name_in_the_archive(settings, hr_file, monkeypatch):
    land(settings, hr_file)
    confirmed, sync, unlink = [], os.fsync, Path.unlink

    def fsync(descriptor):
        sync(descriptor)
        confirmed.append(os.readlink(f"/proc/self/fd/{descriptor}"))

    def unlinked(path, **options):
        confirmed.append("taken from landing")
        unlink(path, **options)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(Path, "unlink", unlinked)
    receive(settings, *HR[1:])
    [receipt] = receipts(settings, *HR[1:])
    folders = (
        settings.archived(receipt.sha256).parent,
        settings.archive.joinpath("receipts", *HR[1:]),
        settings.archive,
    )
    assert confirmed[-1] == "taken from landing" and {str(folder) for folder in folders} <= set(confirmed[:-1])


def blocked(settings, hr_file, harm, monkeypatch):
    """Something in landing that nobody can take, at its right place; returns what is told of it."""
    path = settings.landing.joinpath(*HR) / "other.xlsx"
    path.parent.mkdir(parents=True)
    if harm == "unreadable":
        shutil.copyfile(hr_file, path)
        may = os.access
        monkeypatch.setattr(os, "access", lambda what, mode: Path(what) != path and may(what, mode))
    elif harm == "pipe":
        os.mkfifo(path)
    else:
        path.symlink_to(settings.home if harm == "link to a folder" else "nowhere.xlsx")
    return path.relative_to(settings.landing)


@pytest.mark.parametrize(
    ("harm", "told"),
    [
        ("unreadable", "the user who runs this may not read it"),
        ("pipe", "neither a file nor a folder"),
        ("link to a folder", "a link to a folder, which is not followed"),
        ("link to nothing", "a link to something that is not there"),
    ],
)
def test_what_cannot_be_taken_is_told_and_keeps_nothing_else_from_being_taken(
    settings, hr_file, harm, told, monkeypatch
):
    path = blocked(settings, hr_file, harm, monkeypatch)
    assert due(settings) == []
    land(settings, hr_file)
    sweep(settings)
    assert run(settings).accepted == [f"{HR_ID}.1"]
    [left] = waiting(settings)
    assert left.startswith(f"{path} ({told}") and due(settings) == []


def test_a_folder_that_may_not_be_written_to_is_told_before_anything_is_archived(settings, hr_file, monkeypatch):
    land(settings, hr_file)
    may = os.access
    monkeypatch.setattr(os, "access", lambda what, mode: mode == os.R_OK and may(what, mode))
    assert due(settings) == [] and receive(settings, *HR[1:]) == []
    assert "may not write to its folder" in waiting(settings)[0]
    assert not settings.archive.exists()


def test_a_name_that_is_no_text_blocks_nobody(settings, hr_file):
    folder = os.fsencode(settings.landing) + b"/caf\xe9/hr_metrics/2017-12"
    os.makedirs(folder)
    shutil.copyfile(hr_file, folder + b"/\xe9t\xe9.xlsx")
    assert waiting(settings) == ["caf\ufffd/hr_metrics/2017-12/\ufffdt\ufffd.xlsx"]
    sweep(settings)
    [name] = in_quarantine(settings)
    [found] = json.loads((settings.quarantine / name / "findings.json").read_text())
    assert "'caf\ufffd' is not an organisation" in found["message"] and waiting(settings) == []


# The build file


def load_two_months(settings, samples):
    """Two months of two feeds, loaded."""
    other = next(samples.joinpath("nottinghamshire", "budget_monitoring", "2018-11").iterdir())
    land(settings, next(samples.joinpath(*HR).iterdir()))
    land(settings, other, ("nottinghamshire", "budget_monitoring", "2018-11"))
    for month in due(settings):
        run(settings, *month)
    return [HR[1:], ("budget_monitoring", "2018-11")]


def test_when_one_month_has_made_the_lost_build_file_anew_the_others_are_still_due(settings, samples):
    months = load_two_months(settings, samples)
    before = rows(settings, "select submission_id from raw.submissions order by 1")
    settings.warehouse.unlink()
    assert due(settings) == months
    run(settings, *months[0])
    assert due(settings) == months[1:]
    run(settings, *months[1])
    assert due(settings) == []
    assert rows(settings, "select submission_id from raw.submissions order by 1") == before


def test_a_build_file_that_is_put_back_from_an_old_copy_is_filled_from_the_archive(settings, samples, tmp_path):
    place = ("nottinghamshire", "budget_monitoring", "2018-11")
    land(settings, next(samples.joinpath(*HR).iterdir()))
    run(settings)
    old = shutil.copyfile(settings.warehouse, tmp_path / "old.duckdb")
    land(settings, next(samples.joinpath(*place).iterdir()), place)
    run(settings, *place[1:])
    before = rows(settings, "select submission_id from raw.submissions order by 1")
    old.replace(settings.warehouse)
    assert due(settings) == [HR[1:], place[1:]]
    run(settings)
    assert due(settings) == [place[1:]]
    run(settings, *place[1:])
    assert rows(settings, "select submission_id from raw.submissions order by 1") == before


def test_nobody_makes_a_build_file_by_opening_one(settings):
    with pytest.raises(RuntimeError, match="from the archive"):
        connect(settings)
    assert not settings.warehouse.exists()


# Files that are still being written


def test_a_file_that_changes_while_it_is_copied_is_left_until_it_is_whole(settings, hr_file, monkeypatch):
    land(settings, hr_file)
    copy = archive._copy

    def copied_while_written(source, target):
        found = copy(source, target)
        with open(source, "ab") as stream:
            stream.write(b"more")
        return found

    monkeypatch.setattr(archive, "_copy", copied_while_written)
    assert receive(settings, *HR[1:]) == []
    assert receipts(settings, *HR[1:]) == []
    assert waiting(settings) == [str(Path(*HR) / hr_file.name)]
    assert not [path for path in settings.archive.rglob("*") if path.is_file()]
    monkeypatch.undo()
    land(settings, hr_file)
    assert due(settings) == [HR[1:]]
    assert run(settings).accepted == [f"{HR_ID}.1"]


def test_a_file_that_was_written_just_now_is_watched_and_an_older_one_is_not(settings, hr_file, monkeypatch):
    watching = settings.model_copy(update={"settle_seconds": 5.0})
    waited = []

    def grows(seconds):
        waited.append(seconds)
        with next(settings.landing.rglob("*.xlsx")).open("ab") as stream:
            stream.write(b"more")

    monkeypatch.setattr("loaders.receive.time.sleep", grows)
    land(watching, hr_file)
    assert receive(watching, *HR[1:]) == []
    assert (waited, receipts(settings, *HR[1:])) == ([5.0], [])
    land(watching, hr_file)
    long_ago = time.time() - 60
    os.utime(next(settings.landing.rglob("*.xlsx")), (long_ago, long_ago))
    assert len(receive(watching, *HR[1:])) == 1
    assert waited == [5.0]


def test_a_file_that_is_replaced_after_its_copy_was_made_stays_for_the_next_look(
    settings, hr_file, corrected_file, monkeypatch
):
    land(settings, hr_file)
    from loaders.receive import store

    def replaced_after(settings_, source, *arguments, **options):
        receipt = store(settings_, source, *arguments, **options)
        shutil.copyfile(corrected_file, source)
        return receipt

    monkeypatch.setattr("loaders.receive.store", replaced_after)
    run(settings)
    monkeypatch.undo()
    assert run(settings).accepted == [f"{HR_ID}.2"]
    assert not list(settings.landing.rglob("*.xlsx"))


# Looking changes nothing


def everything(settings):
    return {path: path.stat().st_mtime_ns for path in settings.home.rglob("*")}


def test_asking_what_is_due_changes_nothing(settings, hr_file):
    land(settings, hr_file)
    run(settings)
    land(settings, hr_file, name="sent again.xlsx")
    land(settings, hr_file, ("atlantis", *HR[1:]))
    before = everything(settings)
    assert due(settings) == []
    assert everything(settings) == before
    sweep(settings)
    assert len(receipts(settings, *HR[1:])) == 2
    assert not list(settings.landing.rglob("*.xlsx"))


def test_everything_that_is_due_can_be_received_at_once(settings, hr_file, samples):
    other = next(samples.joinpath("nottinghamshire", "budget_monitoring", "2018-11").iterdir())
    land(settings, other, ("nottinghamshire", "budget_monitoring", "2018-11"))
    land(settings, hr_file)
    batches = receive_due(settings)
    assert [(batch["feed"], batch["period"]) for batch in batches] == [HR[1:], ("budget_monitoring", "2018-11")]
    loaded = load_batches(settings, [read_batch(settings, **batch) for batch in batches])
    assert (len(loaded.accepted), loaded.months) == (2, ["2017-12", "2018-11"])
    assert receive_due(settings) == []


def test_what_comes_by_the_hour_leaves_loaded_files_as_they_were_read(settings, hr_file, tmp_path):
    shutil.copytree(settings.layouts, tmp_path / "layouts")
    changing = settings.model_copy(update={"layouts": tmp_path / "layouts"})
    land(changing, hr_file)
    run(changing)
    layout = changing.layouts / "southampton_hr_update.yml"
    layout.write_text(f"# Looked at again.\n{layout.read_text()}")
    load_layouts.cache_clear()
    assert due(changing) == [HR[1:]]
    assert receive_due(changing) == []


# Two runs at once, and rows that get lost


def test_two_runs_that_read_the_same_files_do_not_share_a_folder(settings, hr_file):
    land(settings, hr_file)
    (batch,) = receive(settings, *HR[1:])
    first, second = (read_batch(settings, *HR[1:], batch) for _ in range(2))
    assert first != second
    assert load_batches(settings, [first]).accepted == [f"{HR_ID}.1"]
    before = agency_total(settings)
    load_batches(settings, [second])
    assert agency_total(settings) == before
    assert not list((settings.work / "batches").iterdir())


@pytest.mark.parametrize("harm", ["lost", "doubled"])
def test_a_load_whose_rows_are_not_those_that_were_read_fails_and_leaves_nothing(settings, hr_file, harm):
    land(settings, hr_file)
    (batch,) = receive(settings, *HR[1:])
    folder = read_batch(settings, *HR[1:], batch)
    file = Path(folder) / "agency.jsonl"
    file.write_text("" if harm == "lost" else file.read_text() * 2)
    with pytest.raises(LoadError, match=r"hr_update\.2017-12\.1 \('HR update\.xlsx'\): \d+ read, \d+ arrived"):
        load_batches(settings, [folder])
    assert rows(settings, "select count(*) from raw.submissions") == [(0,)]
    assert agency_total(settings)[0][0] == 0
    assert run(settings).accepted == [f"{HR_ID}.1"]


# What releases a held file

BUDGET = ("southampton", "budget_monitoring", "2015-02")
LOST = "E06000045.unrecognised"


@pytest.fixture
def unknown_file(tmp_path) -> Path:
    """A workbook that no layout describes."""
    from openpyxl import Workbook

    workbook = Workbook()
    workbook.active["A1"] = "What we did on our holidays"
    workbook.save(tmp_path / "unknown.xlsx")
    return tmp_path / "unknown.xlsx"


def standing(settings):
    return dict(rows(settings, "select submission_id, status from raw.submissions"))


def note(settings, submission_id):
    return json.loads((settings.quarantine / submission_id / "released.json").read_text())


def test_another_return_of_the_feed_and_month_does_not_release_an_unrecognised_file(settings, samples, unknown_file):
    folder = samples.joinpath(*BUDGET)
    land(settings, unknown_file, BUDGET, "Savings by theme Figure A-4.xlsx")
    assert run(settings, *BUDGET[1:]).held == [f"{LOST}.2015-02.1"]
    land(settings, folder / "MTFS Figure A-2.csv", BUDGET)
    run(settings, *BUDGET[1:])
    assert standing(settings)[f"{LOST}.2015-02.1"] == "held"
    assert in_quarantine(settings) == {f"{LOST}.2015-02.1"}
    ((remedy,),) = rows(settings, "select remedy from raw.findings where rule = 'layout-unknown'")
    assert "under the same name" in remedy and "quarterdeck withdraw" in remedy


@pytest.mark.parametrize(
    "name",
    [
        "Savings by theme Figure A-4.xlsx",
        "savings_by theme  figure A-4 (2).XLSX",
        "Savings by theme Figure A-4 v2.xlsx",
    ],
)
def test_the_right_file_under_the_same_name_releases_an_unrecognised_one(settings, samples, unknown_file, name):
    good = samples.joinpath(*BUDGET) / "Savings by theme Figure A-4.xlsx"
    land(settings, unknown_file, BUDGET, good.name)
    run(settings, *BUDGET[1:])
    land(settings, good, BUDGET, name)
    (accepted,) = run(settings, *BUDGET[1:]).accepted
    assert standing(settings) == {f"{LOST}.2015-02.1": "superseded", accepted: "accepted"}
    assert (settings.quarantine / f"{LOST}.2015-02.1" / good.name).is_file()
    assert note(settings, f"{LOST}.2015-02.1")["by"] == accepted
    assert in_quarantine(settings) == set()


def test_reading_everything_again_leaves_every_file_standing_as_it_did(settings, samples, unknown_file, monkeypatch):
    for file in (unknown_file, samples.joinpath(*BUDGET) / "MTFS Figure A-2.csv"):
        land(settings, file, BUDGET)
        land(settings, file, BUDGET, f"z {file.name}")
        run(settings, *BUDGET[1:])
    land(settings, samples.joinpath(*BUDGET) / "Savings by theme Figure A-4.xlsx", BUDGET, unknown_file.name)
    run(settings, *BUDGET[1:])
    before = standing(settings), rows(settings, "from raw.submissions order by all")
    assert "superseded" in before[0].values()
    monkeypatch.setattr("loaders.receive.reader_version", lambda _: "another reader")
    run(settings, *BUDGET[1:])
    assert (standing(settings), rows(settings, "from raw.submissions order by all")) == before
    settings.warehouse.unlink()
    run(settings, *BUDGET[1:])
    assert (standing(settings), rows(settings, "from raw.submissions order by all")) == before


def test_a_new_layout_that_describes_the_file_releases_it(settings, hr_file, tmp_path):
    from loaders.layout import load_layouts

    folder = tmp_path / "layouts"
    shutil.copytree(settings.layouts, folder)
    own = (folder / "southampton_hr_update.yml").read_text()
    (folder / "southampton_hr_update.yml").unlink()
    before = settings.model_copy(update={"layouts": folder})
    land(before, hr_file)
    assert run(before).held == [f"{LOST}.2017-12.1"]
    load_layouts.cache_clear()
    (folder / "southampton_hr_update.yml").write_text(own)
    assert due(before) == [HR[1:]]
    assert run(before).accepted == [f"{HR_ID}.1"]
    assert standing(before) == {f"{HR_ID}.1": "accepted"}
    assert note(before, f"{LOST}.2017-12.1")["by"] == f"{HR_ID}.1"
    load_layouts.cache_clear()


def test_an_accepted_resubmission_releases_the_held_one_before_it(settings, broken_file, hr_file):
    land(settings, broken_file, name="HR update.xlsx")
    run(settings)
    land(settings, hr_file, name="another name.xlsx")
    run(settings)
    assert standing(settings) == {f"{HR_ID}.1": "superseded", f"{HR_ID}.2": "accepted"}
    assert note(settings, f"{HR_ID}.1")["by"] == f"{HR_ID}.2"
    assert (settings.quarantine / f"{HR_ID}.1" / "HR update.xlsx").is_file()


def test_a_broken_resubmission_holds_in_the_place_of_the_one_before_it(settings, broken_file, corrected_file, hr_file):
    land(settings, hr_file)
    run(settings)
    land(settings, broken_file)
    run(settings)
    assert standing(settings) == {f"{HR_ID}.1": "accepted", f"{HR_ID}.2": "held"}


def test_the_same_broken_bytes_again_are_the_same_submission_and_still_held(settings, broken_file, unknown_file):
    for file, name in ((broken_file, None), (unknown_file, None), (broken_file, "b.xlsx"), (unknown_file, "c.xlsx")):
        land(settings, file, name=name)
        run(settings)
    assert standing(settings) == {f"{HR_ID}.1": "held", f"{LOST}.2017-12.1": "held"}
    assert len(receipts(settings, *HR[1:])) == 4
    assert due(settings) == []


def test_an_unrecognised_file_that_comes_again_after_it_was_replaced_holds_again(settings, unknown_file, hr_file):
    for file in (unknown_file, hr_file, unknown_file):
        land(settings, file, name="HR update.xlsx")
        run(settings)
    assert standing(settings) == {
        f"{LOST}.2017-12.1": "superseded",
        f"{HR_ID}.1": "accepted",
        f"{LOST}.2017-12.2": "held",
    }


def test_a_file_that_was_sent_to_the_wrong_place_is_released_when_it_is_accepted_in_the_right_one(settings, samples):
    place = ("nottinghamshire", "performance_indicators", "2018-09")
    file = next(samples.joinpath(*place).iterdir())
    land(settings, file, (*place[:2], "2018-12"))
    (wrong,) = run(settings, place[1], "2018-12").held
    land(settings, file, place)
    (right,) = run(settings, *place[1:]).accepted
    assert standing(settings) == {wrong: "superseded", right: "accepted"}
    # Last month's file, sent once more for the next month, is not released by having been right before.
    land(settings, file, (*place[:2], "2018-10"))
    (again,) = run(settings, place[1], "2018-10").held
    assert standing(settings)[again] == "held"


# Taking a file back


def take_back(settings, submission_id):
    at = "2099-01-01T00:00:00.000000+00:00"
    withdraw(settings, received_as(settings, submission_id), Withdrawal("J Smith", "It belongs to nobody.", at))


def test_a_file_that_is_taken_back_holds_nothing_and_stays_so_in_a_new_build_file(settings, unknown_file):
    land(settings, unknown_file)
    run(settings)
    take_back(settings, f"{LOST}.2017-12.1")
    assert due(settings) == [HR[1:]]
    assert run(settings).withdrawn == [f"{LOST}.2017-12.1"]
    assert standing(settings) == {f"{LOST}.2017-12.1": "withdrawn"}
    assert due(settings) == []
    assert note(settings, f"{LOST}.2017-12.1") == {
        "by": "J Smith",
        "at": "2099-01-01T00:00:00.000000+00:00",
        "reason": "It belongs to nobody.",
    }
    settings.warehouse.unlink()
    run(settings)
    assert standing(settings) == {f"{LOST}.2017-12.1": "withdrawn"}
    assert in_quarantine(settings) == set()


def test_an_accepted_file_that_is_taken_back_leaves_the_one_before_it_in_force(settings, hr_file, corrected_file):
    for file in (hr_file, corrected_file):
        land(settings, file)
        run(settings)
    take_back(settings, f"{HR_ID}.2")
    run(settings)
    assert standing(settings) == {f"{HR_ID}.1": "accepted", f"{HR_ID}.2": "withdrawn"}


def test_the_bytes_of_a_file_that_was_taken_back_can_be_sent_again(settings, hr_file, broken_file):
    for file in (hr_file, broken_file):
        land(settings, file)
        run(settings)
        latest = max(standing(settings))
        withdraw(settings, received_as(settings, latest), Withdrawal("J Smith", "Too early.", "2000-01-01T00:00:00"))
        run(settings)
        # It was taken back before it is sent again.
        land(settings, file, name="again.xlsx")
        assert due(settings) == [HR[1:]]
        run(settings)
    assert standing(settings) == {
        f"{HR_ID}.1": "withdrawn",
        f"{HR_ID}.2": "accepted",
        f"{HR_ID}.3": "withdrawn",
        f"{HR_ID}.4": "held",
    }


def test_what_was_sent_twice_before_it_was_taken_back_does_not_come_back(settings, broken_file):
    for name in ("first.xlsx", "second.xlsx"):
        land(settings, broken_file, name=name)
        run(settings)
    take_back(settings, f"{HR_ID}.1")
    settings.warehouse.unlink()
    run(settings)
    assert standing(settings) == {f"{HR_ID}.1": "withdrawn"}
