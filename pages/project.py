"""A project's own page: what every quarter says of it, and the cell behind each figure."""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from html import escape
from typing import Any

from markupsafe import Markup

from pages.blocks import addresses, blocks, contents
from pages.figures import is_number, label, shown, slug, unit_of
from pages.published import Published, Row
from pages.tables import Block, compact, quoted

# Which column of a mart names the project, the most telling first.
_NAMED_BY = {
    "project_status": ("project",),
    "project_delivery": ("project",),
    "project_remarks": ("listed_project", "project"),
    "milestones": ("project",),
    "savings_profile": ("component",),
}
_MAKE_A_PAGE = ("project_status", "project_delivery")
# What tells projects of one name apart.
_PLACE = ("portfolio", "programme", "project_code")
_LONG = 55


@dataclass(frozen=True)
class Project:
    """A project with its rows of all quarters, by mart; `address` is its part of an address, `name` its newest one."""

    address: str
    name: str
    rows: dict[str, list[Row]]


@dataclass(frozen=True)
class _Member:
    """A row about a project, and what it calls that."""

    mart: str
    name: str
    row: Row


_Alike = Callable[[_Member, _Member], bool]


class Projects:
    """The projects of an organisation, of what its quarters say in their order.

    A name stays one project when it is printed in another way or its portfolio changes. Where one quarter has it twice,
    each portfolio, programme and code is a project of its own; a row that does not say which stands with all of them.
    """

    def __init__(self, partitions: Iterable[Mapping[str, list[Row]]]) -> None:
        groups = [group for members in _by_name(partitions) for group in _apart(members)]
        firsts = [_pages_of(group)[0] for group in groups]
        slugs = Counter(slug(first.name) for first in firsts)
        names = Counter(_words(first.name) for first in firsts)
        self.listed: list[Project] = []
        self._address_of: dict[int, str] = {}
        for group, first in zip(groups, firsts, strict=True):
            newest = _pages_of(group)[-1]
            place = [first.row.get(column) for column in _PLACE] if names[_words(first.name)] > 1 else []
            address = _address(first.name, place, slugs[slug(first.name)] > 1)
            name = ", ".join(
                [newest.name, *(str(newest.row[column]) for column in _PLACE if place and newest.row.get(column))]
            )
            rows: dict[str, list[Row]] = {}
            for member in group:
                rows.setdefault(member.mart, []).append(member.row)
                self._address_of.setdefault(id(member.row), address)
            self.listed.append(Project(address, name, rows))

    def address_of(self, row: Row) -> str | None:
        """The address of the project that one of the rows given at first is about, if that has a page."""
        return self._address_of.get(id(row))

    def addresses(self, data: Mapping[str, list[Row]]) -> list[str | None]:
        """The addresses that pages of these rows may lead to."""
        return [self.address_of(row) for mart in _MAKE_A_PAGE for row in data.get(mart, [])]


def _by_name(partitions: Iterable[Mapping[str, list[Row]]]) -> list[list[_Member]]:
    """Rows by the words of the name; only names with a row that makes a page."""
    found: dict[str, list[_Member]] = defaultdict(list)
    for data in partitions:
        for mart, columns in _NAMED_BY.items():
            for row in data.get(mart, []):
                name = next((row[column] for column in columns if row[column]), None)
                if name and (mart != "savings_profile" or row["component_type"] == "project"):
                    found[_words(name)].append(_Member(mart, name, row))
    return [members for members in found.values() if _pages_of(members)]


def _words(name: str) -> str:
    return re.sub(r"[\W_]+", " ", name.lower()).strip() or name


def _pages_of(members: Iterable[_Member]) -> list[_Member]:
    """The rows that make a page, those of the most telling mart first."""
    return [member for mart in _MAKE_A_PAGE for member in members if member.mart == mart]


def _apart(members: list[_Member]) -> list[list[_Member]]:
    """The projects that share a name: more than one where a quarter has it twice."""
    groups = [members]
    for alike in (_same_name, _same_place):
        groups = [part for group in groups for part in (_divided(group, alike) if _is_twice(group) else [group])]
    return groups


def _is_twice(members: Iterable[_Member]) -> bool:
    return any(count > 1 for count in Counter((each.mart, each.row["quarter"]) for each in _pages_of(members)).values())


def _divided(members: list[_Member], alike: _Alike) -> list[list[_Member]]:
    firsts: list[_Member] = []
    for member in _pages_of(members):
        if not any(alike(member, first) for first in firsts):
            firsts.append(member)
    groups: list[list[_Member]] = [[] for _ in firsts]
    for member in members:
        own = [group for first, group in zip(firsts, groups, strict=True) if alike(member, first)]
        for group in own or groups:
            group.append(member)
    return groups


def _same_name(one: _Member, other: _Member) -> bool:
    return one.name.lower() == other.name.lower()


def _same_place(one: _Member, other: _Member) -> bool:
    """Whether two rows have the same of what both marts tell."""
    return all(one.row[each] == other.row[each] for each in _PLACE if each in one.row and each in other.row)


def _address(name: str, place: list[Any], is_shared: bool) -> str:
    """A project's part of an address; names that only differ in their tail, and projects of one name, stay apart.

    >>> _address("Targeted Reviews (C07)", [], False), _address("A/B", [], True)
    ('targeted-reviews-c07', 'a-b-c14cdd')
    """
    short = slug(name)
    if len(short) < _LONG and not is_shared:
        return short
    told = compact([name.lower(), *place]) if place else name.lower()
    return f"{short[:50]}-{sha256(told.encode()).hexdigest()[:6]}"


def project_page(published: Published, project: Project) -> dict[str, Any]:
    """What the template of a project's page needs."""
    rows = project.rows
    spec = contents()["project"]
    made: list[Block] = blocks(published, spec, rows, lambda row: None)
    figures = "\n".join(
        figure for mart in spec["traced"] for row in rows.get(mart, []) for figure in _traced(published, mart, row)
    )
    return {"title": project.name, "blocks": made, "figures": Markup(figures)}


def _traced(published: Published, name: str, row: Row) -> Iterator[str]:
    """Every figure and status of a row that is not blank, as a row of a table, with its cell or how it came about."""
    mart = published.marts[name]
    cells = addresses(row["cells"] or "{}")
    key = quoted(mart.key_of(row))
    file = escape(published.file_names.get(row["submission_id"]) or str(row["submission_id"]))
    for column, kind in mart.columns.items():
        how = published.how.get((name, column), "")
        if column in mart.key or row[column] is None or not (is_number(kind) or column in cells or how):
            continue
        address = cells.get(column, "")
        sheet, _, cell = address.rpartition("!")
        where = f'<td class="w">{escape(how)}<td><td>'
        if cell:
            sheet = sheet.strip("'") or str(row["sheet"])
            where = f"<td>{file}<td>{escape(sheet)}<td>{cell}"
        text = escape(shown(row[column], column, unit_of(column, row)))
        sort = f' data-sort="{row[column].isoformat()}"' if hasattr(row[column], "isoformat") else ""
        yield (
            f"<tr data-mart='{name}' data-key='{key}'><th scope='row'>{escape(_named(name, column, row))}"
            f"<td>{row['quarter']}<td data-column='{column}'{sort}>{text}{where}"
        )


def _named(mart: str, column: str, row: Row) -> str:
    if mart == "savings_profile":
        return f"{shown(row['measure'], 'measure')}, {row['savings_year']}"
    return label(column)
