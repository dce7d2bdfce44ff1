"""A version in a real Postgres: this machine's binaries, on a socket of its own; skipped where there are none."""

import threading
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from pydantic import SecretStr

from publication import store
from publication.manifest import read_manifest
from publication.postgres import READERS, serve
from publication.publish import publish
from publication.store import PublicationError
from tests import postgres
from tests.publication.candidates import HAMPTON, Candidate
from tests.publication.test_disclosure import META, agency

dbapi = pytest.importorskip("adbc_driver_postgresql.dbapi")
TARGETS = "select project, target_gbp from marts.project_status order by project"
VERSION = "select version from marts.publication"


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """The address of a server with nothing in it."""
    with postgres.server("publisher") as address:
        yield address


@pytest.fixture
def served(candidate: Candidate, server: str) -> Iterator[Candidate]:
    """A published version, and an empty server to bring it to."""
    candidate.settings.postgres = SecretStr(server)
    candidate.descriptions["project_status"] = ("One row a project.", {"project": "The project's name."})
    candidate.build()
    publish(candidate.settings)
    yield candidate
    execute(server, "drop schema if exists marts cascade", "drop schema if exists mine cascade")


def address(candidate: Candidate, user: str = "publisher") -> str:
    assert candidate.settings.postgres
    return candidate.settings.postgres.get_secret_value().replace("user=publisher", f"user={user}")


def execute(uri: str, *statements: str) -> None:
    with dbapi.connect(uri) as connection, connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
        connection.commit()


def ask(uri: str, query: str) -> list[tuple[Any, ...]]:
    with dbapi.connect(uri) as connection, connection.cursor() as cursor:
        cursor.execute(query)
        return cursor.fetchall()  # type: ignore[no-any-return]


def publish_again(candidate: Candidate, target: int) -> None:
    candidate.change("Fleet", target_gbp=Decimal(target))
    candidate.change("Street lighting", target_gbp=Decimal(target))
    candidate.decide(HAMPTON, "published", f"h{target}")
    candidate.build()
    assert publish(candidate.settings).changed


def test_the_server_holds_the_version(served: Candidate) -> None:
    manifest = read_manifest(served.settings, "v00001")
    found = serve(served.settings)

    assert (found.version, found.content_sha256, found.rows) == ("v00001", manifest.content_sha256, manifest.rows)
    assert found.written == sorted(manifest.marts)
    fleet = dict(ask(address(served), TARGETS))
    assert {name: value and Decimal(value) for name, value in fleet.items()} == {
        "Fleet": Decimal("250.50"),
        "Highways": None,
        "Libraries": Decimal("900.00"),
        "Street lighting": Decimal("1000.00"),
    }
    assert ask(address(served), VERSION) == [("v00001",)]


def test_words_of_the_dictionary_are_comments(served: Candidate) -> None:
    serve(served.settings)
    table = "'marts.project_status'::regclass"
    query = (
        f"select obj_description({table}), col_description({table}, attnum) from pg_attribute "
        f"where attrelid = {table} and attname = 'project'"
    )

    assert ask(address(served), query) == [("One row a project.", "The project's name.")]


def test_only_what_changed_is_written_again(served: Candidate) -> None:
    serve(served.settings)
    assert serve(served.settings).written == []

    publish_again(served, 7)
    assert serve(served.settings).written == ["figure_changes", "project_status"]
    assert ask(address(served), VERSION) == [("v00002",)]


def test_an_earlier_version_can_be_brought_back(served: Candidate) -> None:
    publish_again(served, 7)
    serve(served.settings)
    serve(served.settings, "1")

    assert ask(address(served), VERSION) == [("v00001",)]
    assert ("Fleet", "250.50") in [(name, value and str(value)) for name, value in ask(address(served), TARGETS)]


def test_a_reader_reads_and_cannot_write(served: Candidate) -> None:
    assert serve(served.settings, readers=["analyst"]).readers == ["analyst"]
    assert serve(served.settings, readers=["analyst"]).readers == []
    analyst = address(served, "analyst")

    assert len(ask(analyst, TARGETS)) == 4
    for statement in (
        "delete from marts.project_status",
        "set transaction read write; delete from marts.project_status",
        "create table marts.mine (x int)",
        "drop table marts.organisations",
    ):
        with pytest.raises(dbapi.Error):
            execute(analyst, statement)
    assert len(ask(analyst, TARGETS)) == 4


def test_views_on_the_marts_stay(served: Candidate) -> None:
    serve(served.settings)
    execute(address(served), "create schema mine", f"create view mine.targets as {TARGETS}")
    publish_again(served, 7)
    serve(served.settings)

    targets = dict(ask(address(served), "select * from mine.targets"))
    assert Decimal(targets["Fleet"]) == 7


def test_a_failure_leaves_the_server_as_it_was(served: Candidate, monkeypatch: pytest.MonkeyPatch) -> None:
    serve(served.settings)
    publish_again(served, 7)

    def fail(*_: object) -> None:
        raise PublicationError("the last step failed")

    monkeypatch.setattr("publication.postgres._say_which", fail)
    with pytest.raises(PublicationError, match="the last step failed"):
        serve(served.settings)

    assert ask(address(served), VERSION) == [("v00001",)]
    assert [str(value) for name, value in ask(address(served), TARGETS) if name == "Fleet"] == ["250.50"]


def test_a_server_that_holds_something_else_is_noticed(served: Candidate) -> None:
    """A trigger takes a row away: what arrived is not what was published."""
    serve(served.settings)
    execute(
        address(served),
        "create function marts.lose() returns trigger language plpgsql as 'begin return null; end'",
        "create trigger lose before insert on marts.project_status for each row "
        "when (new.project = 'Fleet') execute function marts.lose()",
    )
    publish_again(served, 7)

    with pytest.raises(PublicationError, match=r"holds 3 rows of project_status .* than the 4 published"):
        serve(served.settings)
    assert ask(address(served), VERSION) == [("v00001",)]


def test_what_was_written_over_is_put_right(served: Candidate) -> None:
    serve(served.settings)
    execute(address(served), "update marts.project_status set target_gbp = 1 where project = 'Fleet'")

    assert serve(served.settings).written == ["project_status"]


def test_a_mart_of_another_form_is_made_anew_and_one_that_is_gone_is_removed(served: Candidate) -> None:
    execute(address(served), "create schema if not exists marts", "create table marts.gone (x int)")
    execute(address(served), "create table marts.project_status (project text)")

    assert serve(served.settings).removed == ["gone"]
    assert len(ask(address(served), TARGETS)) == 4


def test_suppressed_figures_do_not_reach_the_server(served: Candidate) -> None:
    served.meta |= META
    served.extra_sql = agency((3, 40, 67))
    served.decide(HAMPTON, "published", "small")
    served.build()
    publish(served.settings)
    serve(served.settings)

    query = "select shift_workers, shift_workers_token from marts.agency_workforce order by month"
    assert ask(address(served), query) == [(None, "confidential"), (None, "confidential"), (67, None)]


def test_readers_see_one_version_or_the_next(served: Candidate) -> None:
    publish_again(served, 10)
    serve(served.settings)
    wrong: list[object] = []
    seen: set[Decimal] = set()
    done = threading.Event()
    query = (
        "select count(distinct target_gbp), count(*), max(target_gbp) from marts.project_status "
        f"where organisation_code = '{HAMPTON}'"
    )

    def read_on() -> None:
        with dbapi.connect(address(served)) as connection, connection.cursor() as cursor:
            while not done.is_set():
                try:
                    cursor.execute(query)
                    ((targets, rows, target),) = cursor.fetchall()
                    connection.rollback()
                    seen.add(Decimal(target))
                    if (targets, rows) != (1, 2):
                        wrong.append((targets, rows))
                except dbapi.Error as error:
                    wrong.append(error)

    threads = [threading.Thread(target=read_on) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        for target in range(11, 17):
            publish_again(served, target)
            serve(served.settings)
    finally:
        done.set()
        for thread in threads:
            thread.join()

    assert wrong == []
    assert len(seen) > 1


def test_no_server_or_a_dead_one_is_said_so(candidate: Candidate) -> None:
    publish(candidate.settings)
    with pytest.raises(PublicationError, match="Set QUARTERDECK_POSTGRES"):
        serve(candidate.settings)
    candidate.settings.postgres = SecretStr("postgresql:///none?host=/nowhere&password=secret")
    with pytest.raises(PublicationError, match="nothing changed there") as refused:
        serve(candidate.settings)
    assert "secret" not in str(refused.value)


def test_the_readers_role_cannot_log_in(served: Candidate) -> None:
    serve(served.settings)

    assert ask(address(served), f"select rolcanlogin from pg_roles where rolname = '{READERS}'") == [(False,)]
    assert store.current(served.settings) == "v00001"
