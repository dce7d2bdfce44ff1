"""The static site of a version: plain files that open from disk and ask nobody for anything.

    index.html, about.html, operations.html, compare.html, changes.html
    <organisation>/index.html                     its quarters and projects
    <organisation>/projects/<project>.html        a project over all quarters
    <organisation>/<2018-19-q2>/<page>.html       the pages of a quarter, as `contents.yml` declares them
    <organisation>/<2018-19-q2>/pack.docx         the quarter as a document
    assets/edition.js                             version and date, which every page shows: else all would change

Pages are built some organisations at a time, so that memory does not grow with their number.
"""

import json
import logging
import os
import shutil
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path

from pages.blocks import blocks, contents
from pages.compare import comparison
from pages.figures import FILES, label, number, shown, slug
from pages.operations import operations
from pages.organisations import Batch, Organisation, organisations_of
from pages.published import MANIFEST_FILE, Fingerprints, Partition, Published, Row
from pages.render import ASSETS, Renderer
from pages.reuse import Before
from pages.tables import Block
from quarterdeck.settings import Settings

log = logging.getLogger(__name__)

SITE = "site"
"""The folder of the site in a version."""

Menus = dict[Partition, list[str]]
"""The pages that each partition has, in the order of the menu."""
Tell = Callable[[str], None]
"""Hears how far a build is, a line at a time."""

_BATCH = 15
# From so many organisations on, the first page names only the newest quarter of each, and stays small.
_SHORT_FROM = 100
_HOME = ("Home", "index.html")


@dataclass(frozen=True)
class SiteResult:
    """How many files were written, how many are those of the version before, and the size of all in bytes."""

    written: int
    reused: int
    size_bytes: int


def build_site(
    version: Path,
    out: Path,
    processes: int = 0,
    before: Path | None = None,
    tell: Tell = log.info,
) -> SiteResult:
    """Write the site of a version's folder into an empty or new folder.

    Reads `marts.duckdb` and `manifest.json` of the version, and the manifests of earlier versions beside it.
    `processes` are used where there is enough to do; 0 stands for one a core. `before` is the folder of an earlier
    version: what is the same there becomes the same file. The result is the same without it. Raises FileExistsError
    where `out` has something in it, OSError, ValueError or duckdb.Error where the version cannot be read.
    """
    if out.is_dir() and any(out.iterdir()):
        raise FileExistsError(f"{out} is not empty. Name a new folder; nothing is overwritten.")
    out.mkdir(parents=True, exist_ok=True)
    shutil.copytree(ASSETS, out / "assets", ignore=shutil.ignore_patterns("*.scss"))
    with Published(version) as published:
        _edition(published, out)
        organisations = organisations_of(published)
        prints = published.fingerprints()
        menus: Menus = {}
        written = reused = done = 0
        for count, of_batch, result in _in_batches(
            organisations, prints, partial(_build, version, out, before), processes
        ):
            menus |= of_batch
            done, written, reused = done + count, written + result[0], reused + result[1]
            tell(
                f"pages: {done} of {len(organisations)} organisations, {done * 100 // len(organisations)}%:"
                f" {written} files written, {reused} as they were"
            )
        renderer = _renderer(published, out)
        _home(published, renderer, organisations, menus)
        _about(published, renderer)
        renderer.page(
            "operations.html", "operations.html", title="State of the pipeline", blocks=operations(published),
            crumbs=[_HOME, ("State of the pipeline", "")],
        )  # fmt: skip
        renderer.page(
            "compare.html", "compare.html", title="Comparison", crumbs=[_HOME, ("Comparison", "")],
            blocks=comparison(published, organisations, menus),
        )  # fmt: skip
        renderer.page(
            "changes.html", "changes.html", title="What changed", crumbs=[_HOME, ("What changed", "")],
            blocks=_changed(published, organisations, menus),
        )  # fmt: skip
    size = sum(path.stat().st_size for path in out.rglob("*") if path.is_file())
    return SiteResult(written + renderer.written, reused, size)


def add_site(settings: Settings, folder: Path) -> None:
    """Write the site of a version into its own folder, before readers see it: what a publication calls.

    What the pages need is all in the folder; `settings` come first because they do for every entry point.
    """
    previous = json.loads((folder / MANIFEST_FILE).read_text())["previous"]
    before = folder.parent / previous if previous else None
    build_site(folder, folder / SITE, before=before)


def _in_batches(
    organisations: Sequence[Organisation],
    prints: Fingerprints,
    build: Callable[[Sequence[Organisation], Fingerprints], tuple[Menus, tuple[int, int]]],
    processes: int,
) -> Iterator[tuple[int, Menus, tuple[int, int]]]:
    """What was built, batch by batch: how many organisations, their menus, files written and taken over."""
    # In the order of their codes, in which the marts have them.
    listed = sorted(organisations, key=lambda each: each.code)
    size = _BATCH if len(listed) > _BATCH else 1
    batches = [listed[start : start + size] for start in range(0, len(listed), size)]
    of_code: dict[str, Fingerprints] = defaultdict(dict)
    for (code, quarter), each in prints.items():
        of_code[code][code, quarter] = each
    known = [{key: of for each in batch for key, of in of_code[each.code].items()} for batch in batches]
    processes = min(processes or os.cpu_count() or 1, len(batches))
    if len(listed) <= _BATCH or processes < 2:
        for batch, of_batch in zip(batches, known, strict=True):
            yield len(batch), *build(batch, of_batch)
        return
    # Fresh processes: DuckDB's threads do not survive a fork.
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        for batch, made in zip(batches, pool.map(build, batches, known), strict=True):
            yield len(batch), *made


def _build(
    version: Path, out: Path, before: Path | None, organisations: Sequence[Organisation], prints: Fingerprints
) -> tuple[Menus, tuple[int, int]]:
    """Write everything below the folders of some organisations."""
    with Published(version) as published:
        renderer = _renderer(published, out)
        menus = Batch(published, renderer, Before(before, SITE), organisations).write(prints)
        return menus, (renderer.written, renderer.reused)


def _edition(published: Published, out: Path) -> None:
    """Write the script that tells version and date on every page."""
    said = json.dumps(f"Version {published.version}, published {shown(published.created_at)}.")
    (out / "assets" / "edition.js").write_text(f'document.querySelector(".app-edition").textContent = {said};\n')


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


def _changed(published: Published, organisations: Sequence[Organisation], menus: Menus) -> list[Block]:
    """A table of every figure that this version changed, for each organisation that has one."""
    spec = contents()["changed"]
    folders = {each.code: each.folder for each in organisations}
    rows: dict[str, list[Row]] = defaultdict(list)
    for row in published.rows(spec["mart"]):
        if row["publication"] == published.version:
            rows[row["organisation_code"]].append(row)

    def link(row: Row) -> str | None:
        code, quarter = row["organisation_code"], row["quarter"]
        there = spec["link"] in menus.get((code, quarter), [])
        return f"{folders[code]}/{slug(quarter)}/{spec['link']}.html" if there else None

    found = []
    for each in organisations:
        # A name is no pattern.
        title = each.name.replace("{", "{{").replace("}", "}}")
        found += blocks(published, {"blocks": [spec | {"title": title}]}, {spec["mart"]: rows[each.code]}, link)
    for place, block in enumerate(found, start=1):
        block.id = f"changed-{place}"
    return found


def _about(published: Published, renderer: Renderer) -> None:
    """The page that says what everything means; it links to the files beside the site in the version's folder."""
    folder = published.folder
    marts = [
        {
            "name": name,
            "title": label(name),
            "about": about.get("description", ""),
            "columns": list(about.get("descriptions", {}).items()),
            "rows": number(about["rows"]),
            "files": [(f"../{kind}/{name}.{kind}", kind) for kind in ("csv", "parquet") if (folder / kind).is_dir()],
        }
        for name, about in published.manifest["marts"].items()
    ]
    renderer.page(
        "about.html",
        "about.html",
        title="About the data",
        marts=marts,
        files=[(f"../{name}", name, what) for name, what in FILES.items() if (folder / name).is_file()],
        crumbs=[_HOME, ("About the data", "")],
    )


def _renderer(published: Published, out: Path) -> Renderer:
    return Renderer(out, version=published.version, published_on=shown(published.created_at))
