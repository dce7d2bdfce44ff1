"""What is the same as before is not made again, and what comes out is the same as if all were."""

import json
import shutil
from hashlib import sha256
from pathlib import Path

import duckdb
import pytest

from pages.build import SITE, build_site
from pages.reuse import Before
from quarterdeck.settings import Settings

OF_THE_WHOLE = {
    "about.html", "changes.html", "compare.html", "index.html", "operations.html", "assets/LICENSE-govuk-frontend.txt",
    "assets/edition.js", "assets/site.css", "assets/tables.js",
}  # fmt: skip


def files_of(site: Path) -> dict[str, bytes]:
    return {path.relative_to(site).as_posix(): path.read_bytes() for path in site.rglob("*") if path.is_file()}


def new_in(site: Path, before: Path) -> set[str]:
    """The files that are not those of another site."""
    known = {path.stat().st_ino for path in before.rglob("*")}
    return {
        path.relative_to(site).as_posix()
        for path in site.rglob("*")
        if path.is_file() and path.stat().st_ino not in known
    } - OF_THE_WHOLE


@pytest.fixture
def next_version(version: Path, tmp_path: Path) -> Path:
    """A version after the newest, in which one figure differs; the versions before it are beside it."""
    for path in version.parent.glob("v*"):
        (tmp_path / path.name).symlink_to(path)
    folder = tmp_path / "v00003"
    folder.mkdir()
    shutil.copyfile(version / "marts.duckdb", folder / "marts.duckdb")
    with duckdb.connect(str(folder / "marts.duckdb")) as connection:
        connection.execute("update main.project_status set target_gbp = 1 where project = 'Targeted Reviews (C07)'")
    manifest = json.loads((version / "manifest.json").read_text())
    (folder / "manifest.json").write_text(json.dumps(manifest | {"version": "v00003", "previous": version.name}))
    return folder


def test_a_publication_takes_over_the_pages_that_nothing_changed(version: Path) -> None:
    before = version.parent / "v00001" / SITE
    new = new_in(version / SITE, before)
    assert {name.partition("/")[0] for name in new} == {"nottinghamshire"}
    assert (version / SITE / "southampton/2014-15-q4/savings.html").samefile(
        before / "southampton/2014-15-q4/savings.html"
    )
    assert (version / SITE / "oxfordshire/built-from.json").is_file()


def test_a_publication_has_the_pages_that_a_build_from_nothing_has(
    settings_with_pages: Settings, version: Path, tmp_path: Path
) -> None:
    build_site(version, tmp_path / "again")
    assert files_of(tmp_path / "again") == files_of(version / SITE)


def test_one_figure_makes_anew_the_pages_that_show_it(version: Path, next_version: Path, tmp_path: Path) -> None:
    told: list[str] = []
    result = build_site(next_version, next_version / SITE, before=version, tell=told.append)
    concerned = {"2018-19-q2/projects.html", "2018-19-q2/pack.docx", "projects/targeted-reviews-c07.html"}
    concerned |= {"2018-19-q2/by-year.html", "built-from.json"}
    assert new_in(next_version / SITE, version / SITE) == {f"nottinghamshire/{name}" for name in concerned}
    assert result.reused > 50
    assert told[-1].endswith(f"{result.reused} as they were")
    assert "100%" in told[-1]
    assert len(told) == len([path for path in (version / SITE).iterdir() if (path / "built-from.json").is_file()])
    build_site(next_version, tmp_path / "again")
    assert files_of(tmp_path / "again") == files_of(next_version / SITE)


def test_a_file_that_is_not_as_it_was_published_is_made_again(
    next_version: Path, version: Path, tmp_path: Path
) -> None:
    (next_version.parent / version.name).unlink()
    shutil.copytree(version, next_version.parent / version.name)
    damaged = next_version.parent / version.name / SITE / "southampton" / "2014-15-q4" / "savings.html"
    damaged.chmod(0o644)
    damaged.write_text("damaged")
    build_site(next_version, next_version / SITE, before=next_version.parent / version.name)
    again = next_version / SITE / "southampton" / "2014-15-q4" / "savings.html"
    assert again.read_bytes() == (version / SITE / "southampton" / "2014-15-q4" / "savings.html").read_bytes()


def test_a_damaged_note_of_what_files_were_made_from_is_as_good_as_none(
    next_version: Path, version: Path, tmp_path: Path
) -> None:
    (next_version.parent / version.name).unlink()
    shutil.copytree(version, next_version.parent / version.name)
    damaged = next_version.parent / version.name / SITE / "southampton" / "built-from.json"
    damaged.chmod(0o644)
    damaged.write_text(damaged.read_text()[:100])
    build_site(next_version, next_version / SITE, before=next_version.parent / version.name)
    assert files_of(next_version / SITE / "southampton") == files_of(version / SITE / "southampton")


@pytest.mark.parametrize("part", ["key", "columns"])
def test_another_key_or_column_of_a_mart_makes_pages_anew(version: Path, next_version: Path, part: str) -> None:
    manifest = json.loads((next_version / "manifest.json").read_text())
    risks = manifest["marts"]["risks"]
    changed = {"key": [*risks["key"], "initial_rating"], "columns": risks["columns"] | {"risk": "JSON"}}
    risks[part] = changed[part]
    (next_version / "manifest.json").write_text(json.dumps(manifest))
    build_site(next_version, next_version / SITE, before=version)
    assert "oxfordshire/2019-20-q1/risks.html" in new_in(next_version / SITE, version / SITE)


def test_many_organisations_are_shared_out_among_processes(
    version: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    build_site(version, tmp_path / "one", processes=1)
    monkeypatch.setattr("pages.build._BATCH", 4)
    build_site(version, tmp_path / "two", processes=2, tell=told.append)
    assert [line.split()[1] for line in told] == ["4", "6"]
    assert files_of(tmp_path / "two") == files_of(tmp_path / "one")


def test_a_note_in_the_way_of_another_release_is_as_good_as_none(tmp_path: Path) -> None:
    note = tmp_path / SITE / "fenbridge" / "built-from.json"
    note.parent.mkdir(parents=True)
    for noted, inputs in (
        ({"inputs": "a", "files": {}, "menus": {}}, "a"),
        ({"inputs": "a", "files": {}, "menus": {}, "form": 2}, ""),
        ({"inputs": "a"}, ""),
    ):
        note.write_text(json.dumps(noted))
        hashed = sha256(note.read_bytes()).hexdigest()
        version = tmp_path / f"v{len(noted):05}"
        shutil.copytree(tmp_path / SITE, version / SITE)
        outputs = [{"path": f"{SITE}/fenbridge/built-from.json", "sha256": hashed}]
        (version / "manifest.json").write_text(json.dumps({"outputs": outputs}))
        assert Before(version, SITE).built_from("fenbridge").inputs == inputs
