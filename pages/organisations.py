"""Everything below the folder of an organisation: its quarters, projects and documents.

A file is made where what it is made of differs from the version before; otherwise it is the earlier one.
"""

import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any

from pages.blocks import Link, blocks, contents, has_blocks, marts_of
from pages.figures import number, shown, slug
from pages.pack import PARTS, assemble
from pages.project import Project, Projects, project_page
from pages.published import Data, Fingerprints, Partition, Published, Row
from pages.render import Renderer
from pages.reuse import BUILT_FROM, Before, BuiltFrom, code, digest, names_of, write_built_from
from pages.word import write_word

WORD = "pack.docx"
"""A quarter as a document, beside its pages."""

_STANDING = "reporting_quarters"


@dataclass(frozen=True)
class Organisation:
    """An organisation with pages; `folder` is its part of an address."""

    code: str
    name: str
    folder: str


def organisations_of(published: Published) -> list[Organisation]:
    """Those that something was expected or received of, by name."""
    known = {row["organisation_code"] for row in published.counts(_STANDING, ["organisation_code"])}
    rows = [row for row in published.rows("organisations") if row["organisation_code"] in known]
    taken = [row["slug"] for row in rows]
    found = [
        # Two organisations may share a short name; then the code tells them apart.
        Organisation(code, row["organisation"], slug(row["slug"] if taken.count(row["slug"]) == 1 else code))
        for row in rows
        for code in [row["organisation_code"]]
    ]
    return sorted(found, key=lambda each: each.name)


class Batch:
    """Some organisations, whose rows are read together."""

    def __init__(
        self, published: Published, renderer: Renderer, before: Before, organisations: Iterable[Organisation]
    ) -> None:
        self._published = published
        self._renderer = renderer
        self._before = before
        self._organisations = list(organisations)
        self._how = digest(
            code(),
            sorted((*key, says) for key, says in published.how.items()),
            sorted((name, mart.key, list(mart.columns.items())) for name, mart in published.marts.items()),
        )

    def write(self, prints: Fingerprints) -> dict[Partition, list[str]]:
        """Write their files; return the pages that each quarter has, in the order of the menu."""
        menus: dict[Partition, list[str]] = {}
        changed = []
        for each in self._organisations:
            inputs = self._inputs(each, {quarter: of for (code, quarter), of in prints.items() if code == each.code})
            built = self._before.built_from(each.folder)
            if built.inputs == inputs and self._link(each, built):
                menus |= {(each.code, quarter): names for quarter, names in built.menus.items()}
            else:
                changed.append((each, inputs, built))
        data = self._published.by_partition([each.code for each, *_ in changed]) if changed else {}
        for each, inputs, built in changed:
            own = {quarter: rows for (code, quarter), rows in sorted(data.items()) if code == each.code}
            of = {quarter: prints[each.code, quarter] for quarter in own}
            made = Pages(self._published, self._renderer, self._before, each, own, of, built, self._how)
            menus |= {(each.code, quarter): names for quarter, names in made.write(inputs).items()}
        return menus

    def _inputs(self, organisation: Organisation, prints: dict[str, dict[str, str]]) -> str:
        """A hash of all that the files of an organisation depend on."""
        of = organisation.code
        published = self._published
        return digest(
            self._how,
            [organisation.name, organisation.folder],
            sorted(prints.items()),
            [(name, file) for name, file in sorted(published.file_names.items()) if name.startswith(f"{of}.")],
            [(quarter, decision, published.edition((of, quarter))) for quarter, decision in _decided(published, of)],
        )

    def _link(self, organisation: Organisation, built: BuiltFrom) -> bool:
        """Take every file of an organisation over, or none."""
        folder, reused = self._renderer.out / organisation.folder, self._renderer.reused
        names = [*built.files, f"{organisation.folder}/{BUILT_FROM}"]
        if all(self._renderer.reuse(self._before, name) for name in names):
            return True
        # What was linked must go: to write into it would change the version before.
        shutil.rmtree(folder, ignore_errors=True)
        self._renderer.reused = reused
        return False


class Pages:
    """The files of one organisation; `data` and `prints` are its rows, and their hashes, by quarter and mart."""

    def __init__(
        self,
        published: Published,
        renderer: Renderer,
        before: Before,
        organisation: Organisation,
        data: dict[str, Data],
        prints: dict[str, dict[str, str]],
        earlier: BuiltFrom,
        how: str,
    ) -> None:
        self._published = published
        self._renderer = renderer
        self._before = before
        self._organisation = organisation
        self._data = data
        self._prints = prints
        self._earlier = earlier
        self._how = how
        self._projects = Projects(data.values())
        self._menus = {
            quarter: [name for name, spec in contents()["quarter"].items() if has_blocks(spec, rows)]
            for quarter, rows in data.items()
        }
        self._built = BuiltFrom(menus=self._menus)

    def write(self, inputs: str) -> dict[str, list[str]]:
        """Write all files; return the pages of each quarter."""
        for project in self._projects.listed:
            self._project(project)
        for quarter, names in self._menus.items():
            self._quarter(quarter, names)
        self._index()
        self._built.inputs = inputs
        write_built_from(self._renderer.out / self._organisation.folder, self._built)
        return self._menus

    def _file(self, path: str, inputs: list[Any], make: Callable[[str], None]) -> None:
        """Take a file over from the version before, or make it."""
        name = f"{self._organisation.folder}/{path}"
        made_from = digest(self._how, self._organisation.name, inputs)
        self._built.files[name] = made_from
        if self._earlier.files.get(name) != made_from or not self._renderer.reuse(self._before, name):
            make(name)

    def _project(self, project: Project) -> None:
        def make(path: str) -> None:
            page = project_page(self._published, project)
            crumbs = [("Home", "../../index.html"), (self._organisation.name, "../index.html"), (page["title"], "")]
            self._renderer.page(
                path, "project.html", part=self._organisation.name, organisation=self._organisation.name,
                crumbs=crumbs, **page,
            )  # fmt: skip

        # The rows of one project are few; those of a mart would be about all of them.
        shown_rows = sorted((mart, repr(listed)) for mart, listed in project.rows.items())
        self._file(f"projects/{project.address}.html", [project.name, shown_rows, self._files(project.rows)], make)

    def _quarter(self, quarter: str, names: list[str]) -> None:
        rows, folder = self._data[quarter], slug(quarter)
        standing, held = _standing(self._published, rows), _held(self._published, self._organisation.code, quarter)
        specs = contents()["quarter"]
        links = self._projects.addresses(rows)
        printed = [part for part in PARTS if part in names]
        made: dict[str, list[Any]] = {}

        def link(row: Row) -> str | None:
            address = self._projects.address_of(row)
            return f"../projects/{address}.html" if address else None

        leads_on: Link = link

        def blocks_of(name: str) -> list[Any]:
            if name not in made:
                made[name] = blocks(self._published, specs[name], rows, leads_on)
            return made[name]

        def write_page(name: str, path: str) -> None:
            found = blocks_of(name)
            self._renderer.page(
                path,
                "quarter.html",
                title=specs[name]["title"],
                part=f"{self._organisation.name}, {quarter}",
                lead=specs[name]["lead"],
                organisation=self._organisation.name,
                quarter=quarter,
                blocks=found,
                document=WORD if printed else "",
                has_sources=any(block.sources for block in found),
                menu=[(f"{each}.html", specs[each]["title"], each == name) for each in names],
                crumbs=[
                    ("Home", "../../index.html"), (self._organisation.name, "../index.html"), (quarter, ""),
                ],
                standing=standing,
                held=held,
            )  # fmt: skip

        for name in names:
            inputs = [quarter, names, links, standing, held, self._of(quarter, marts_of(specs[name]))]
            self._file(f"{folder}/{name}.html", inputs, partial(write_page, name))
        if not printed:
            return
        edition = self._published.edition((self._organisation.code, quarter))

        def write_document(path: str) -> None:
            pack = assemble(
                self._published, self._organisation.code, self._organisation.name, quarter,
                {part: blocks_of(part) for part in printed}, rows,
            )  # fmt: skip
            write_word(pack, self._renderer.target(path))

        marts = set().union(*(marts_of(specs[part]) for part in printed))
        self._file(f"{folder}/{WORD}", [quarter, printed, edition, standing, self._of(quarter, marts)], write_document)

    def _index(self) -> None:
        mart = self._published.marts[_STANDING]
        decisions = dict(_decided(self._published, self._organisation.code))
        listed = sorted((project.name, f"projects/{project.address}.html") for project in self._projects.listed)
        quarters = [
            {
                "key": mart.key_of(row),
                "quarter": quarter,
                "href": f"{slug(quarter)}/{self._menus[quarter][0]}.html" if self._menus[quarter] else "",
                "status": shown(row["data_status"], "data_status"),
                "expected": number(row["expected_returns"]),
                "accepted": number(row["expected_returns_accepted"]),
                "missing": shown(row["missing_returns"], "missing_returns"),
                "decision": shown(decisions.get(quarter, {}).get("decision"), "decision") or "nothing to decide",
            }
            for quarter in sorted(self._data, reverse=True)
            for row in self._data[quarter].get(_STANDING, [])
        ]

        def make(path: str) -> None:
            self._renderer.page(
                path,
                "organisation.html",
                title=self._organisation.name,
                quarters=quarters,
                projects=[(href, name) for name, href in listed],
                crumbs=[("Home", "../index.html"), (self._organisation.name, "")],
            )

        self._file("index.html", [quarters, listed], make)

    def _of(self, quarter: str, marts: Iterable[str]) -> list[Any]:
        """Hashes of what marts have of a quarter, and the names of the files that their rows come from."""
        rows = {mart: self._data[quarter][mart] for mart in sorted(marts) if mart in self._prints[quarter]}
        return [[(mart, self._prints[quarter][mart]) for mart in rows], self._files(rows)]

    def _files(self, rows: Data) -> list[tuple[str, str]]:
        sent = {row["submission_id"] for listed in rows.values() for row in listed if row.get("submission_id")}
        return names_of(sent, self._published.file_names)


def _decided(published: Published, organisation_code: str) -> list[tuple[str, Row]]:
    """The gate's decisions on an organisation, by quarter."""
    return [(quarter, each) for (code, quarter), each in published.decisions.items() if code == organisation_code]


def _standing(published: Published, data: Data) -> dict[str, str] | None:
    rows = data.get(_STANDING, [])
    if not rows or rows[0]["data_status"] is None:
        return None
    status = rows[0]["data_status"]
    return {
        "key": published.marts[_STANDING].key_of(rows[0]),
        "data_status": status,
        "words": shown(status, "data_status"),
        "missing": shown(rows[0]["missing_returns"], "missing_returns"),
        "months": f"{rows[0]['quarter_start']:%B} to {rows[0]['quarter_end']:%B %Y}",
    }


def _held(published: Published, organisation_code: str, quarter: str) -> str:
    decision = published.decisions.get((organisation_code, quarter))
    return (decision["reason"] or "an error was found.") if decision and decision["decision"] != "published" else ""
