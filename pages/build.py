"""The static site of a version: plain files that open from disk and ask nobody for anything.

    index.html, about.html, operations.html
    <organisation>/index.html                     its quarters and projects
    <organisation>/projects/<project>.html        a project over all quarters
    <organisation>/<2018-19-q2>/<page>.html       the pages of a quarter, as `contents.yml` declares them
    <organisation>/<2018-19-q2>/pack.docx         the quarter as a document, where this version brought its figures

Pages are built some organisations at a time, so that memory does not grow with their number.
"""

import os
import shutil
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from pages.blocks import Link, blocks, contents
from pages.definitions import Definitions, read_definitions
from pages.figures import label, number, shown, slug
from pages.operations import operations
from pages.pack import assemble, write_word
from pages.project import gather, project_name, project_page, project_slug
from pages.published import MARTS_FILE, Partition, Published, Row
from pages.render import ASSETS, Renderer
from quarterdeck.settings import Settings

SITE = "site"
"""The folder of the site in a version."""

WORD = "pack.docx"
"""A quarter as a document, beside its pages."""

_BATCH = 15
# From so many organisations on, the first page names only the newest quarter of each, and stays small.
_SHORT_FROM = 100
_HOME = ("Home", "index.html")


@dataclass(frozen=True)
class SiteResult:
    """How many pages a site has, and their size together in bytes."""

    pages: int
    size_bytes: int


@dataclass(frozen=True)
class Organisation:
    """An organisation with pages; `folder` is its part of an address."""

    code: str
    name: str
    folder: str


Menus = dict[Partition, list[str]]
"""The pages that each partition has, in the order of the menu."""


def build_site(version: Path, out: Path, definitions: Definitions | None = None, processes: int = 0) -> SiteResult:
    """Write the site of a version's folder into an empty or new folder.

    Reads `marts.duckdb` and `manifest.json` of the version, and the manifests of earlier versions beside it.
    `processes` are used where there is enough to do; 0 stands for one a core. Raises FileExistsError where `out` has
    something in it, OSError, ValueError or duckdb.Error where the version cannot be read.
    """
    if out.is_dir() and any(out.iterdir()):
        raise FileExistsError(f"{out} is not empty. Name a new folder; nothing is overwritten.")
    out.mkdir(parents=True, exist_ok=True)
    shutil.copytree(ASSETS, out / "assets", ignore=shutil.ignore_patterns("*.scss"))
    with Published(version) as published:
        organisations = _organisations(published)
        batches = [organisations[start : start + _BATCH] for start in range(0, len(organisations), _BATCH)]
        made = _in_batches(batches, partial(_build_batch, version, out), processes or os.cpu_count() or 1)
        menus: Menus = {key: names for each, _ in made for key, names in each.items()}
        renderer = _renderer(published, out)
        _home(published, renderer, organisations, menus)
        _about(published, renderer, definitions or {})
        renderer.page(
            "operations.html", "operations.html", title="State of the pipeline", blocks=operations(published),
            crumbs=_crumbs([_HOME], "State of the pipeline"),
        )  # fmt: skip
    results = [result for _, result in made] + [SiteResult(renderer.pages, renderer.size_bytes)]
    return SiteResult(sum(each.pages for each in results), sum(each.size_bytes for each in results))


def add_site(settings: Settings, folder: Path) -> None:
    """Write the site of a version into its own folder, before readers see it: what a publication calls."""
    build_site(folder, folder / SITE, read_definitions(settings))


def _in_batches(batches: Sequence[Any], build: Any, processes: int) -> list[tuple[Menus, SiteResult]]:
    if len(batches) < 2 or processes < 2:
        return [build(batch) for batch in batches]
    # Fresh processes: DuckDB's threads do not survive a fork.
    with ProcessPoolExecutor(min(processes, len(batches)), mp_context=get_context("spawn")) as pool:
        return list(pool.map(build, batches))


def _build_batch(version: Path, out: Path, organisations: Sequence[Organisation]) -> tuple[Menus, SiteResult]:
    """Write everything below the folders of some organisations."""
    with Published(version) as published:
        renderer = _renderer(published, out)
        data = published.by_partition([each.code for each in organisations])
        menus: Menus = {}
        for organisation in organisations:
            own = {quarter: rows for (code, quarter), rows in sorted(data.items()) if code == organisation.code}
            projects = gather(own.values())
            for slug_of, rows in projects.items():
                _project(published, renderer, organisation, slug_of, rows)
            for quarter, rows in own.items():
                menus[organisation.code, quarter] = _quarter(published, renderer, organisation, quarter, rows, projects)
            _organisation(published, renderer, organisation, own, menus, projects)
        return menus, SiteResult(renderer.pages, renderer.size_bytes)


def _quarter(
    published: Published,
    renderer: Renderer,
    organisation: Organisation,
    quarter: str,
    data: dict[str, list[Row]],
    projects: Mapping[str, Any],
) -> list[str]:
    """Write the pages of a quarter; return which there are."""

    def link(row: Row) -> str | None:
        name = project_slug(row["project"])
        return f"../projects/{name}.html" if name in projects else None

    leads_on: Link = link
    pages = {name: blocks(published, spec, data, leads_on) for name, spec in contents()["quarter"].items()}
    there = {name: made for name, made in pages.items() if made}
    decision = published.decisions.get((organisation.code, quarter), {})
    # The document of a quarter comes with the version that brought its figures; any other is a command away.
    brought = bool(there) and decision.get("published_in") == published.version
    if brought:
        folder = renderer.out / organisation.folder / slug(quarter)
        folder.mkdir(parents=True, exist_ok=True)
        write_word(assemble(published, organisation.name, quarter, there, data), folder / WORD)
    for name, made in there.items():
        spec = contents()["quarter"][name]
        renderer.page(
            f"{organisation.folder}/{slug(quarter)}/{name}.html",
            "quarter.html",
            title=spec["title"],
            part=f"{organisation.name}, {quarter}",
            lead=spec["lead"],
            organisation=organisation.name,
            quarter=quarter,
            blocks=made,
            document=WORD if brought else "",
            has_sources=any(block.sources for block in made),
            menu=[(f"{each}.html", contents()["quarter"][each]["title"], each == name) for each in there],
            crumbs=_crumbs([("Home", "../../index.html"), (organisation.name, "../index.html")], quarter),
            standing=_standing(published, data),
            held=_held(published, organisation.code, quarter),
        )
    return list(there)


def _project(
    published: Published, renderer: Renderer, organisation: Organisation, name: str, rows: dict[str, list[Row]]
) -> None:
    page = project_page(published, rows)
    crumbs = _crumbs([("Home", "../../index.html"), (organisation.name, "../index.html")], page["title"])
    renderer.page(
        f"{organisation.folder}/projects/{name}.html",
        "project.html",
        part=organisation.name,
        organisation=organisation.name,
        crumbs=crumbs,
        **page,
    )


def _organisation(
    published: Published,
    renderer: Renderer,
    organisation: Organisation,
    data: Mapping[str, dict[str, list[Row]]],
    menus: Menus,
    projects: Mapping[str, dict[str, list[Row]]],
) -> None:
    mart = published.marts["reporting_quarters"]
    quarters = []
    for quarter in sorted(data, reverse=True):
        decision = published.decisions.get((organisation.code, quarter), {})
        menu = menus[organisation.code, quarter]
        for row in data[quarter].get("reporting_quarters", []):
            quarters.append(
                {
                    "key": mart.key_of(row),
                    "quarter": quarter,
                    "href": f"{slug(quarter)}/{menu[0]}.html" if menu else "",
                    "status": shown(row["data_status"], "data_status"),
                    "expected": number(row["expected_returns"]),
                    "accepted": number(row["expected_returns_accepted"]),
                    "missing": row["missing_returns"] or "",
                    "decision": shown(decision.get("decision"), "decision") or "nothing to decide",
                }
            )
    listed = sorted((project_name(rows), f"projects/{name}.html") for name, rows in projects.items())
    renderer.page(
        f"{organisation.folder}/index.html",
        "organisation.html",
        title=organisation.name,
        quarters=quarters,
        projects=[(href, name) for name, href in listed],
        crumbs=_crumbs([("Home", "../index.html")], organisation.name),
    )


def _home(published: Published, renderer: Renderer, organisations: Sequence[Organisation], menus: Menus) -> None:
    statuses = {
        (row["organisation_code"], row["quarter"]): row["data_status"] for row in published.rows("reporting_quarters")
    }
    short = len(organisations) >= _SHORT_FROM
    # A page of returns alone is no publication.
    shown_quarters: dict[str, list[str]] = {}
    for (code, quarter), decision in published.decisions.items():
        if decision["published_in"] and menus.get((code, quarter)):
            shown_quarters.setdefault(code, []).append(quarter)
    listed = []
    for each in organisations:
        newest = sorted(shown_quarters.get(each.code, []), reverse=True)
        quarters = [
            (
                f"{each.folder}/{slug(quarter)}/{menus[each.code, quarter][0]}.html",
                quarter,
                statuses.get((each.code, quarter), ""),
            )
            for quarter in newest[: 1 if short else None]
        ]
        listed.append((f"{each.folder}/index.html", each.name, quarters))
    renderer.page("index.html", "home.html", title="Quarterly reports", organisations=listed, short=short)


def _about(published: Published, renderer: Renderer, definitions: Definitions) -> None:
    """The page that says what everything means; it links to the files beside the site in the version's folder."""
    folder = published.folder
    whole = [path.name for path in sorted(folder.iterdir()) if path.suffix in {".xlsx", ".ods", ".json"}]
    whole = [name for name in whole if name != "manifest.json"]
    marts = []
    for name in published.marts:
        about = definitions.get(name)
        files = [(f"../{kind}/{name}.{kind}", kind) for kind in ("csv", "parquet") if (folder / kind).is_dir()]
        marts.append(
            {
                "name": name,
                "title": label(name),
                "about": about.about if about else "",
                "columns": list(about.columns.items()) if about else [],
                "rows": number(published.manifest["marts"][name]["rows"]),
                "files": files,
            }
        )
    renderer.page(
        "about.html",
        "about.html",
        title="About the data",
        marts=marts,
        files=[(f"../{name}", name) for name in (MARTS_FILE, "manifest.json", *whole)],
        crumbs=_crumbs([_HOME], "About the data"),
    )


def _organisations(published: Published) -> list[Organisation]:
    """Those that something was expected or received of, by name."""
    known = {row["organisation_code"] for row in published.rows("reporting_quarters")}
    rows = [row for row in published.rows("organisations") if row["organisation_code"] in known]
    taken = [row["slug"] for row in rows]
    found = [
        # Two organisations may share a short name; then the code tells them apart.
        Organisation(code, row["organisation"], slug(row["slug"] if taken.count(row["slug"]) == 1 else code))
        for row in rows
        for code in [row["organisation_code"]]
    ]
    return sorted(found, key=lambda each: each.name)


def _standing(published: Published, data: dict[str, list[Row]]) -> dict[str, str] | None:
    rows = data.get("reporting_quarters", [])
    if not rows or rows[0]["data_status"] is None:
        return None
    status = rows[0]["data_status"]
    return {
        "key": published.marts["reporting_quarters"].key_of(rows[0]),
        "data_status": status,
        "words": shown(status, "data_status"),
        "missing": rows[0]["missing_returns"] or "",
    }


def _held(published: Published, organisation_code: str, quarter: str) -> str:
    decision = published.decisions.get((organisation_code, quarter))
    return (decision["reason"] or "an error was found.") if decision and decision["decision"] != "published" else ""


def _renderer(published: Published, out: Path) -> Renderer:
    return Renderer(out, version=published.version, published_on=shown(published.created_at))


def _crumbs(parents: Sequence[tuple[str, str]], here: str) -> list[dict[str, str]]:
    return [*({"text": name, "href": href} for name, href in parents), {"text": here}]
