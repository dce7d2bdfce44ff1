import csv
import hashlib
import json
from decimal import Decimal

import duckdb
import pytest

from publication import history, store
from publication.manifest import read_manifest
from publication.publish import publish
from publication.store import PublicationError
from tests.publication.candidates import HAMPTON, OXBRIDGE, QUARTER, Candidate, Project, read

TARGETS = "select project, target_gbp from marts.project_status order by project"


def test_first_publication_holds_what_the_gate_published(candidate: Candidate) -> None:
    result = publish(candidate.settings)

    assert (result.version, result.changed) == ("v00001", True)
    assert result.decided == [f"{HAMPTON} {QUARTER}", f"{OXBRIDGE} {QUARTER}"]
    assert read(candidate.settings, TARGETS) == [
        ("Fleet", Decimal("250.50")),
        ("Highways", None),
        ("Libraries", Decimal("900.00")),
        ("Street lighting", Decimal("1000.00")),
    ]
    assert read(candidate.settings, "select count(*) from marts.submissions") == [(2,)]


def test_rows_stand_in_the_order_of_the_key(candidate: Candidate) -> None:
    publish(candidate.settings)

    rows = read(candidate.settings, "select organisation_code, project from marts.project_status")
    assert rows == sorted(rows)


def test_equal_content_is_not_published_again(candidate: Candidate) -> None:
    first = publish(candidate.settings)
    candidate.build()

    again = publish(candidate.settings)

    assert (again.version, again.changed, again.content_sha256) == ("v00001", False, first.content_sha256)
    assert store.versions(candidate.settings) == ["v00001"]
    assert not list(candidate.settings.published.glob(".staging-*"))


def test_new_decision_on_equal_figures_is_not_a_new_version(candidate: Candidate) -> None:
    publish(candidate.settings)
    candidate.decide(HAMPTON, "published", "h2")
    candidate.build()

    assert not publish(candidate.settings).changed


def test_content_hash_does_not_depend_on_the_order_of_rows_in_the_candidate(candidate: Candidate) -> None:
    publish(candidate.settings)
    candidate.projects.reverse()
    candidate.build()

    assert not publish(candidate.settings).changed


def test_held_partition_keeps_its_rows_while_others_move_on(candidate: Candidate) -> None:
    publish(candidate.settings)
    candidate.change("Fleet", target_gbp=Decimal(1))
    candidate.change("Libraries", target_gbp=Decimal(2))
    candidate.decide(HAMPTON, "held", "h2")
    candidate.decide(OXBRIDGE, "published", "o2")
    candidate.build()

    result = publish(candidate.settings)

    assert result.held == [f"{HAMPTON} {QUARTER}"]
    assert dict(read(candidate.settings, TARGETS)) == {
        "Fleet": Decimal("250.50"),
        "Highways": None,
        "Libraries": Decimal("2.00"),
        "Street lighting": Decimal("1000.00"),
    }
    hampton = read_manifest(candidate.settings, "v00002").partition((HAMPTON, QUARTER))
    oxbridge = read_manifest(candidate.settings, "v00002").partition((OXBRIDGE, QUARTER))
    assert hampton and oxbridge
    assert (hampton.decision, hampton.reason, hampton.published_in) == ("held", "1 error", "v00001")
    assert (oxbridge.decision, oxbridge.data_status, oxbridge.published_in) == ("published", "final", "v00002")


def test_partition_held_before_it_was_ever_published_has_no_rows(candidate: Candidate) -> None:
    candidate.decide(HAMPTON, "held", "h1")
    candidate.build()

    publish(candidate.settings)

    assert read(candidate.settings, "select distinct organisation_code from marts.project_status") == [(OXBRIDGE,)]
    hampton = read_manifest(candidate.settings, "v00001").partition((HAMPTON, QUARTER))
    assert hampton and hampton.published_in is None and hampton.data_status is None


def test_held_partition_is_published_once_the_gate_lets_it_pass(candidate: Candidate) -> None:
    candidate.decide(HAMPTON, "held", "h1")
    candidate.build()
    publish(candidate.settings)
    candidate.decide(HAMPTON, "published", "h1")
    candidate.build()

    assert publish(candidate.settings).decided == [f"{HAMPTON} {QUARTER}"]
    assert read(candidate.settings, "select count(*) from marts.project_status") == [(4,)]


def test_partition_that_the_gate_forgot_stays_as_it_was(candidate: Candidate) -> None:
    publish(candidate.settings)
    del candidate.decisions[OXBRIDGE, QUARTER]
    candidate.change("Libraries", target_gbp=Decimal(2))
    candidate.change("Fleet", target_gbp=Decimal(1))
    candidate.decide(HAMPTON, "published", "h2")
    candidate.build()

    assert publish(candidate.settings).undecided == []
    assert dict(read(candidate.settings, TARGETS))["Libraries"] == Decimal("900.00")
    oxbridge = read_manifest(candidate.settings, "v00002").partition((OXBRIDGE, QUARTER))
    assert oxbridge and (oxbridge.fingerprint, oxbridge.published_in) == ("o1", "v00001")


def test_candidate_rows_that_were_not_decided_since_are_not_taken(candidate: Candidate) -> None:
    publish(candidate.settings)
    candidate.change("Fleet", target_gbp=Decimal(1))
    candidate.build()

    assert not publish(candidate.settings).changed


def test_rows_of_a_partition_nobody_judged_are_named_and_not_published(candidate: Candidate) -> None:
    candidate.projects.append(Project("E07000003", "Parks", Decimal(5)))
    candidate.build()

    result = publish(candidate.settings)

    assert result.undecided == [f"E07000003 {QUARTER}"]
    assert ("Parks", Decimal("5.00")) not in read(candidate.settings, TARGETS)


def test_new_column_is_blank_in_rows_that_are_kept(candidate: Candidate) -> None:
    publish(candidate.settings)
    candidate.extra_sql = [
        "create or replace table marts.project_status as select 'green' as rag, * from marts.project_status",
    ]
    candidate.decide(HAMPTON, "held", "h2")
    candidate.decide(OXBRIDGE, "published", "o2")
    candidate.build()

    publish(candidate.settings)

    rows = dict(read(candidate.settings, "select project, rag from marts.project_status"))
    assert rows == {"Fleet": None, "Street lighting": None, "Libraries": "green", "Highways": "green"}
    assert dict(read(candidate.settings, TARGETS))["Fleet"] == Decimal("250.50")


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        (
            "alter table marts.project_status alter target_gbp type decimal(18, 0)",
            r"target_gbp was DECIMAL\(18,2\) and is now DECIMAL\(18,0\)",
        ),
        (
            "create or replace table marts.project_status as select * replace (1 as status) from marts.project_status",
            "status was VARCHAR and is now INTEGER",
        ),
    ],
)
def test_type_that_would_change_a_kept_figure_is_refused(candidate: Candidate, statement: str, message: str) -> None:
    publish(candidate.settings)
    candidate.extra_sql = [statement]
    candidate.decide(HAMPTON, "held", "h2")
    candidate.build()

    with pytest.raises(PublicationError, match=message):
        publish(candidate.settings)
    assert store.current(candidate.settings) == "v00001"


def test_wider_type_is_taken(candidate: Candidate) -> None:
    publish(candidate.settings)
    candidate.extra_sql = ["alter table marts.project_status alter target_gbp type decimal(18, 6)"]
    candidate.decide(HAMPTON, "held", "h2")
    candidate.build()

    publish(candidate.settings)

    assert dict(read(candidate.settings, TARGETS))["Fleet"] == Decimal("250.500000")


def test_mart_that_does_not_say_how_it_travels_cannot_carry_a_held_partition(candidate: Candidate) -> None:
    candidate.meta["project_status"] = {}
    candidate.decide(HAMPTON, "held", "h1")
    candidate.build()

    publish(candidate.settings)

    assert read(candidate.settings, "select distinct organisation_code from marts.project_status") == [(OXBRIDGE,)]


@pytest.mark.parametrize(
    ("meta", "extra_sql", "message"),
    [
        ({"publish": "sometimes"}, [], "meta.publish is 'sometimes'"),
        ({"publish": "partition", "key": "project"}, [], "it must be a list"),
        ({"publish": "partition", "key": ["scheme"]}, [], "meta.key names scheme"),
        ({"publish": "partition", "key": ["quarter"]}, [], "more than one row has the key {'quarter': '2018-19 Q2'}"),
        ({"publish": "partition"}, ["alter table marts.project_status drop quarter"], "lacks organisation_code or"),
        ({"publish": "partition"}, ["update marts.project_status set quarter = null"], "4 row.s. without"),
        ({"publish": "partition"}, ["drop table marts.project_status"], "declared but not built"),
    ],
)
def test_broken_contract_publishes_nothing(
    candidate: Candidate, meta: dict[str, object], extra_sql: list[str], message: str
) -> None:
    candidate.meta["project_status"], candidate.extra_sql = meta, extra_sql
    candidate.build()

    with pytest.raises(PublicationError, match=message):
        publish(candidate.settings)
    assert store.current(candidate.settings) is None
    assert not list(candidate.settings.published.glob(".staging-*"))


def test_where_nothing_was_ever_decided_nothing_is_published(candidate: Candidate) -> None:
    candidate.extra_sql = ["delete from gate.decisions"]
    candidate.build()

    found = publish(candidate.settings)

    assert (found.version, found.changed, found.rows) == (None, False, 0)
    assert found.undecided == [f"{HAMPTON} {QUARTER}", f"{OXBRIDGE} {QUARTER}"]
    assert (store.current(candidate.settings), store.versions(candidate.settings)) == (None, [])


def test_missing_files_are_named(candidate: Candidate) -> None:
    (candidate.settings.dbt_target / "manifest.json").unlink()
    with pytest.raises(PublicationError, match=r"manifest\.json is missing"):
        publish(candidate.settings)
    candidate.settings.warehouse.unlink()
    with pytest.raises(PublicationError, match=r"build\.duckdb is missing"):
        publish(candidate.settings)


def test_reason_names_a_few_partitions_and_counts_the_rest(candidate: Candidate) -> None:
    for year in range(10, 15):
        candidate.decide(HAMPTON, "published", "h", quarter=f"20{year}-{year + 1} Q1")
    candidate.decide(OXBRIDGE, "held", "o1")
    candidate.build()

    publish(candidate.settings)

    assert read_manifest(candidate.settings, "v00001").reason == (
        f"decided: {HAMPTON} 2010-11 Q1, {HAMPTON} 2011-12 Q1, {HAMPTON} 2012-13 Q1 and 3 more; "
        f"held: {OXBRIDGE} {QUARTER}"
    )


def test_manifest_tells_what_went_in_and_out(candidate: Candidate) -> None:
    publish(candidate.settings)

    folder = candidate.settings.published / "v00001"
    manifest = json.loads((folder / "manifest.json").read_text())
    assert (manifest["version"], manifest["previous"]) == ("v00001", None)
    assert [source["submission_id"] for source in manifest["sources"]] == sorted(candidate.submissions)
    assert manifest["layouts"] == [{"id": "a_layout", "sha256": "b" * 64}]
    assert manifest["findings"] == {"info": 1, "warning": 2}
    assert manifest["expectations_evaluated"] == 14
    assert manifest["partitions"][0]["submissions"] == [f"{HAMPTON}.report.2018-09.1"]
    assert manifest["marts"]["project_status"]["rows"] == 4
    assert manifest["marts"]["project_status"]["columns"]["target_gbp"] == "DECIMAL(18,2)"
    on_disk = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert {output["path"] for output in manifest["outputs"]} == on_disk - {"manifest.json"}
    for output in manifest["outputs"]:
        content = (folder / output["path"]).read_bytes()
        assert (len(content), hashlib.sha256(content).hexdigest()) == (output["bytes"], output["sha256"])


def test_content_hash_can_be_recomputed_without_the_program(candidate: Candidate) -> None:
    publish(candidate.settings)

    mart = read_manifest(candidate.settings, "v00001").marts["organisations"]
    rows = read(candidate.settings, "select * from marts.organisations")
    encoded = ["".join(f"{len(value)}:{value}" for value in row) for row in rows]
    header = "\n".join(f"{column} {kind}" for column, kind in mart.columns.items())
    hashes = sorted(hashlib.sha256(row.encode()).hexdigest() for row in encoded)
    assert hashlib.sha256((header + "".join(hashes)).encode()).hexdigest() == mart.content_sha256


def test_files_of_a_version_are_read_only(candidate: Candidate) -> None:
    publish(candidate.settings)

    files = [path for path in (candidate.settings.published / "v00001").rglob("*") if path.is_file()]
    # The database, the manifest, four files about the whole, and each mart twice.
    assert len(files) == 2 + 4 + 2 * 4
    assert {path.stat().st_mode & 0o777 for path in files} == {0o444}


def test_exports_hold_the_marts(candidate: Candidate) -> None:
    publish(candidate.settings)

    folder = candidate.settings.published / "current"
    parquet = duckdb.sql(f"from '{folder}/parquet/project_status.parquet'").fetchall()
    assert parquet == read(candidate.settings, "from marts.project_status")
    content = (folder / "csv" / "project_status.csv").read_bytes()
    assert content.startswith(b"organisation_code,organisation,quarter,quarter_start,data_status,project,")
    assert b'"Two of three\nbranches, ""open"""\r\n' in content
    with (folder / "csv" / "project_status.csv").open(newline="", encoding="utf-8") as file:
        rows = {row["project"]: row for row in csv.DictReader(file, strict=True)}
    assert rows["Fleet"]["target_gbp"] == "250.50"
    assert rows["Highways"]["target_gbp"] == ""


def test_csv_text_cannot_run_as_a_formula(candidate: Candidate) -> None:
    exported = {
        "=1+1": "'=1+1",
        "+SUM(A1)": "'+SUM(A1)",
        "-2+3": "'-2+3",
        "@cmd": "'@cmd",
        "\tx": "'\tx",
        "\rx": "'\rx",
        "-12.5": "-12.5",
        "+3": "+3",
        "a=b": "a=b",
    }
    candidate.projects = [Project(HAMPTON, text, Decimal("-7.25")) for text in exported]
    candidate.build()

    publish(candidate.settings)

    with (candidate.settings.published / "current/csv/project_status.csv").open(newline="") as file:
        rows = [(row["project"], row["target_gbp"]) for row in csv.DictReader(file)]
    assert sorted(rows) == sorted((text, "-7.25") for text in exported.values())
    unchanged = read(candidate.settings, "select project from marts.project_status")
    assert {text for (text,) in unchanged} == set(exported)


def test_publications_of_the_past_stay_readable(candidate: Candidate) -> None:
    publish(candidate.settings)
    candidate.change("Fleet", target_gbp=Decimal(1))
    candidate.decide(HAMPTON, "published", "h2")
    candidate.build()
    publish(candidate.settings)

    assert dict(read(candidate.settings, TARGETS, "v00001"))["Fleet"] == Decimal("250.50")
    assert dict(read(candidate.settings, TARGETS, "v00002"))["Fleet"] == Decimal("1.00")
    assert history.verify(candidate.settings, "v00001") == []


def test_the_status_of_a_held_quarter_is_that_of_the_figures_that_are_shown(candidate: Candidate) -> None:
    """The return that was missing came, and is held: what is published is still provisional, wherever one reads it."""
    told = "select quarter, data_status from reporting_quarters where organisation_code = '{}' order by all"
    candidate.meta["reporting_quarters"] = {"publish": "whole", "key": ["organisation_code", "quarter"]}
    candidate.extra_sql = [
        "create or replace table marts.reporting_quarters as "
        "select distinct organisation_code, quarter, data_status from marts.project_status "
        f"union all select '{HAMPTON}', '2018-19 Q3', 'provisional'"
    ]
    candidate.change("Fleet", data_status="provisional")
    candidate.change("Street lighting", data_status="provisional")
    candidate.build()
    publish(candidate.settings)
    candidate.change("Fleet", data_status="final")
    candidate.change("Street lighting", data_status="final")
    candidate.change("Libraries", data_status="revised")
    candidate.decide(HAMPTON, "held", "h2")
    candidate.decide(OXBRIDGE, "published", "o2")
    candidate.change("Highways", data_status="revised")
    candidate.build()
    publish(candidate.settings)

    assert read(candidate.settings, told.format(HAMPTON)) == [(QUARTER, "provisional"), ("2018-19 Q3", "provisional")]
    assert read(candidate.settings, told.format(OXBRIDGE)) == [(QUARTER, "revised")]
