"""The pages of many organisations: each sends, in each quarter, what one organisation of a published version sent.

Whole rows are repeated with other codes, quarters and submissions, so that every page has the shape of a real one.
"""

import json
import shutil
import time
from hashlib import sha256
from pathlib import Path
from typing import Any

import duckdb

from benchmarks import direct
from benchmarks.measure import Contender, compare
from benchmarks.report import Bar, Report
from pages.build import SITE, build_site
from quarterdeck.settings import PROJECT_ROOT, Settings

ORGANISATIONS, QUARTERS = 330, ("2018-19 Q1", "2018-19 Q2", "2018-19 Q3", "2018-19 Q4")
PROJECTS = 2000
_SECONDS, _FIRST_PAGE_KB, _LARGEST_PAGE_KB = 120, 200, 1500
_USED = {"open": 2.0, "sort": 0.5, "search": 0.5}
_OF_THE_FIRST_PAGE = ("index.html", "assets/site.css", "assets/tables.js", "assets/edition.js")


def samples_published(work: Path) -> Path:
    """The folder of a version that publishes the samples, made once below `work`."""
    settings = Settings(home=work / "samples-published", workbook=False, settle_seconds=0)
    current = settings.published / "current"
    if not current.exists():
        shutil.rmtree(settings.home, ignore_errors=True)
        samples = PROJECT_ROOT / "samples"
        for file in samples.glob("*/*/[0-9][0-9][0-9][0-9]-[0-9][0-9]/*"):
            target = settings.landing / file.relative_to(samples)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, target)
        direct.ingest(settings)
        direct.judge(settings)
        direct.publish(settings)
    return current.resolve()


def report(work: Path, rounds: int, large: bool) -> Report:
    """A site from nothing, beside the same with one figure changed; and how heavy the heaviest pages are."""
    organisations = ORGANISATIONS if large else 40
    source, root = samples_published(work), work / f"pages-{organisations}"
    shutil.rmtree(root, ignore_errors=True)
    version = multiply(source, root, organisations)
    build_site(version, version / SITE)
    _promise(version)
    changed = _with_one_figure_changed(version)
    out = root / "out"

    def empty() -> Path:
        shutil.rmtree(out, ignore_errors=True)
        return out

    measured = compare(
        [
            Contender("every page from nothing", lambda to: build_site(version, to).written, empty),
            Contender("one figure changed", lambda to: build_site(changed, to, before=version).written, empty),
        ],
        rounds,
    )
    whole, again = measured.values()
    swollen = swell(source, work / "swollen")
    build_site(swollen, swollen / SITE)
    page = max(swollen.glob(f"{SITE}/*/*/projects.html"), key=lambda path: path.stat().st_size)
    first = sum((version / SITE / name).stat().st_size for name in _OF_THE_FIRST_PAGE) / 1000
    bars = [
        Bar(f"kB of the first page, {organisations} organisations", first, _FIRST_PAGE_KB),
        Bar(f"kB of the page of {PROJECTS} projects", page.stat().st_size / 1000, _LARGEST_PAGE_KB),
        *(Bar(f"seconds to {what} {PROJECTS} projects", took, _USED[what]) for what, took in _used(page)),
    ]
    if large:
        bars.append(Bar(f"seconds for {organisations} organisations and four quarters", whole.seconds, _SECONDS))
    notes = [f"From nothing {whole.said:,} files were written, after the change of a figure {again.said}."]
    return Report(f"Pages of {organisations} organisations", measured, notes, bars)


def swell(version: Path, out: Path, projects: int = PROJECTS) -> Path:
    """Write a version in which the organisation with most projects has so many; returns its folder, below `out`."""
    shutil.rmtree(out, ignore_errors=True)
    folder = out / "v00001"
    folder.mkdir(parents=True)
    shutil.copyfile(version / "marts.duckdb", folder / "marts.duckdb")
    (folder / "marts.duckdb").chmod(0o644)
    shutil.copyfile(version / "manifest.json", folder / "manifest.json")
    with duckdb.connect(str(folder / "marts.duckdb")) as connection:
        query = "select organisation_code, quarter, count(*) from main.project_status group by all order by 3 desc"
        code, quarter, there = connection.execute(query).fetchone() or ("", "", 1)
        times = -(-projects // there)
        for mart, name in (("project_status", "project"), ("savings_profile", "component")):
            connection.execute(
                f"""
                insert into main.{mart}
                select {mart}.* replace ({name} || ' ' || copy as {name})
                from main.{mart}, range(1, {times}) as copies(copy)
                where organisation_code = ? and quarter = ?
                """,
                [code, quarter],
            )
        connection.execute(
            """
            delete from main.project_status where rowid in
                (select rowid from main.project_status where organisation_code = ? order by rowid desc limit ?)
            """,
            [code, times * there - projects],
        )
    return folder


def _used(page: Path) -> list[tuple[str, float]]:
    """Seconds until a page is there, and until it answers to a sort and a search, in Chromium; nothing without one."""
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if not browser:
        return []
    from playwright.sync_api import sync_playwright

    # Two frames on: what was asked for is on the screen.
    drawn = "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=browser, args=["--no-sandbox"])
        opened = chromium.new_page()
        found = []
        started = time.perf_counter()
        opened.goto(page.as_uri())
        opened.evaluate(drawn)
        found.append(("open", time.perf_counter() - started))
        started = time.perf_counter()
        opened.evaluate(f"document.querySelectorAll('.app-sort')[3].click(); {drawn}")
        found.append(("sort", time.perf_counter() - started))
        started = time.perf_counter()
        opened.evaluate(
            "const field = document.querySelector('.app-toolbar input'); field.value = 'a 1';"
            f"field.dispatchEvent(new Event('input', {{bubbles: true}})); {drawn}"
        )
        found.append(("search", time.perf_counter() - started))
        chromium.close()
    return found


def _promise(version: Path) -> None:
    """Note the hashes of a version's pages in its manifest, as a publication does."""
    manifest = json.loads((version / "manifest.json").read_text())
    manifest["outputs"] = [
        {"path": path.relative_to(version).as_posix(), "sha256": sha256(path.read_bytes()).hexdigest()}
        for path in sorted((version / SITE).rglob("*"))
        if path.is_file()
    ]
    (version / "manifest.json").write_text(json.dumps(manifest))


def _with_one_figure_changed(version: Path) -> Path:
    """The version after: one target differs."""
    folder = version.parent / "v00002"
    folder.mkdir()
    shutil.copyfile(version / "marts.duckdb", folder / "marts.duckdb")
    with duckdb.connect(str(folder / "marts.duckdb")) as connection:
        connection.execute(
            "update main.project_status set target_gbp = 1 where rowid = (select min(rowid) from main.project_status)"
        )
    manifest = json.loads((version / "manifest.json").read_text())
    manifest |= {"version": "v00002", "previous": "v00001", "outputs": []}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return folder


def multiply(version: Path, out: Path, organisations: int = ORGANISATIONS) -> Path:
    """Write marts and manifest of a version in which many organisations repeat the fullest quarters of another one.

    They take turns in whom they repeat. Returns the folder of the new version, below `out`.
    """
    folder = out / "v00001"
    folder.mkdir(parents=True)
    manifest = json.loads((version / "manifest.json").read_text())
    with duckdb.connect() as connection:
        connection.execute(f"attach '{version / 'marts.duckdb'}' as old (read_only)")
        connection.execute(f"attach '{folder / 'marts.duckdb'}' as new")
        _cast(connection, manifest, organisations)
        for name, mart in manifest["marts"].items():
            connection.execute(f'create table new."{name}" as {_repeated(name, mart["columns"])}')
            (mart["rows"],) = connection.execute(f'select count(*) from new."{name}"').fetchone() or (0,)
        manifest |= {"version": "v00001", "previous": None, "outputs": []}
        manifest["partitions"] = _partitions(connection, manifest)
        manifest["sources"] = _sources(connection, manifest)
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return folder


def _cast(connection: duckdb.DuckDBPyConnection, manifest: dict[str, Any], organisations: int) -> None:
    """Table `part`: organisation and quarter, old and new, with the code in its submissions."""
    rows: dict[tuple[str, str], int] = {}
    for name, mart in manifest["marts"].items():
        if mart["columns"].keys() >= {"organisation_code", "quarter", "cells"}:
            query = f'select organisation_code, quarter, count(*) from old."{name}" group by all'
            for code, quarter, count in connection.execute(query).fetchall():
                rows[code, quarter] = rows.get((code, quarter), 0) + count
    fullest = {code: max((n, q) for (c, q), n in rows.items() if c == code)[1] for code, _ in sorted(rows)}
    models = sorted(fullest)
    connection.execute("create table part (old_code text, old_quarter text, code text, quarter text, start date)")
    parts = [
        (model, fullest[model], f"X{number:08d}", quarter, f"{2018 + place // 3}-{(4, 7, 10, 1)[place]:02d}-01")
        for number in range(organisations)
        for model in [models[number % len(models)]]
        for place, quarter in enumerate(QUARTERS)
    ]
    connection.executemany("insert into part values (?, ?, ?, ?, ?)", parts)


def _repeated(name: str, columns: dict[str, str]) -> str:
    """SQL of a mart's rows for everybody."""
    source = f'from old."{name}" as t'
    if "organisation_code" not in columns:
        return f"select * {source}"
    said = {"organisation_code": "p.code", "quarter": "p.quarter", "quarter_start": "p.start"}
    said["organisation"] = "'Council of ' || p.code"
    said["slug"] = "lower(p.code)"
    said["submission_id"] = "replace(t.submission_id, p.old_code, p.code || '.' || p.quarter[-2:])"
    said["finding_id"] = "t.finding_id || p.code || p.quarter"
    replaced = ", ".join(f'{sql} as "{column}"' for column, sql in said.items() if column in columns)
    if "quarter" in columns:
        return (
            f"select t.* replace ({replaced}) {source} join part as p"
            " on t.organisation_code = p.old_code and t.quarter = p.old_quarter"
        )
    once = "(select distinct old_code, code from part)"
    return f"select t.* replace ({replaced}) {source} join {once} as p on t.organisation_code = p.old_code"


def _partitions(connection: duckdb.DuckDBPyConnection, manifest: dict[str, Any]) -> list[dict[str, Any]]:
    known = {(each["organisation_code"], each["quarter"]): each for each in manifest["partitions"]}
    parts = connection.execute("select old_code, old_quarter, code, quarter from part").fetchall()
    return [
        known[old_code, old_quarter] | {"organisation_code": code, "quarter": quarter, "published_in": "v00001"}
        for old_code, old_quarter, code, quarter in parts
    ]


def _sources(connection: duckdb.DuckDBPyConnection, manifest: dict[str, Any]) -> list[dict[str, Any]]:
    parts = connection.execute("select old_code, code, quarter from part").fetchall()
    return [
        source
        | {
            "organisation_code": code,
            "submission_id": source["submission_id"].replace(old_code, f"{code}.{quarter[-2:]}"),
        }
        for old_code, code, quarter in parts
        for source in manifest["sources"]
        if source["organisation_code"] == old_code
    ]
