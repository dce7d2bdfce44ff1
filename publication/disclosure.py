"""Disclosure control: small counts of people, and what would give them away, leave no version.

`disclosure.yml` says which figures count people, which add up to which, and what else would tell them. Applied to the
marts of a version under composition, before anything is hashed, compared or exported: a hidden figure is blank, and its
column's `<column>_token` says `confidential`. Nothing that leaves, whatever its form, has ever held it.
"""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from string import ascii_uppercase
from typing import Any

import duckdb
from pydantic import BaseModel, ConfigDict, Field
from yaml import YAMLError

from publication.manifest import Disclosure, Manifest
from publication.sql import columns_of, comma_separated, literal, quoted, records
from publication.store import PublicationError
from publication.suppression import Total, protect
from quarterdeck.declared import read_yaml

POLICY_FILE = Path(__file__).with_name("disclosure.yml")
CONFIDENTIAL = "confidential"
"""The word in place of a figure that is hidden here; a publisher's own `suppressed` stays as it is."""

PREVIOUS = "previous.main"
"""Where the last version's marts stand, as SQL."""
DRAFTS_FILE = "drafts"
DRAFTS = f"{DRAFTS_FILE}.main"
"""Where the marts stand that something may be hidden in, as SQL: a database of its own in memory. A file that had held
the hidden figures would keep them, in blocks that nobody uses any more and in what it knows of its columns' values."""

WITHHELD = (
    "Withheld: one of the figures that this is about counts very few people, or protects one that does. "
    "The submitted file has it."
)

TOKEN_DESCRIPTION = (
    "Why the figure is blank: `confidential` where it counts very few people or protects such a count, else the word "
    "that its publisher printed in its place."
)

# Marts that tell figures of others: which columns do, and which say the cells that they are about.
_TELLING = {
    "reconciliation": (
        # A tolerance in per cent of a figure tells the figure.
        ("printed_value", "recomputed_value", "difference", "tolerance", "tolerance_percent", "cut_off_place"),
        "note",
        ("printed_cell", "recomputed_from"),
    ),
    "data_quality_findings": ((), "message", ("cell", "message")),
}
FINDING_ID = "finding_id"
_ABOUT_FIGURES, _ACROSS_TIME = ("arithmetic", "audit"), "audit"
# Not part of an address, a date, an amount of money or a longer number.
_WHOLE_NUMBER = re.compile(r"(?<![\w.,£/:-])\d+(?![\w%/:-]|[.,]\d)")
_ADDRESS = re.compile(r"(?:(?:'(?P<quoted>(?:[^']|'')+)'|(?P<sheet>[^!,'(]+))!)?\$?(?P<column>[A-Z]{1,3})"
                      r"(?P<first>\d{1,7})(?::[A-Z]{1,3}(?P<last>\d{1,7}))?")  # fmt: skip
_LAST_ROW = 1_048_576
"""Of a spreadsheet."""


class _Declared(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Small(_Declared):
    """The counts that are suppressed, both ends included."""

    lowest: int
    highest: int


class Counted(_Declared):
    """A column that counts people in the rows of `where`; times another column where it is an average."""

    mart: str
    column: str
    where: str
    times: str | None = None
    already_public: str | None = None


class Side(_Declared):
    """Figures of a mart: one column, in the rows of `where`."""

    mart: str
    column: str
    where: str = "true"


class Sum(_Declared):
    """Figures that add up: the rows of `parts` that share `by` with a row of `total`, and fulfil `on`."""

    total: Side
    parts: Side
    by: tuple[str, ...]
    on: str = "true"


class Repeated(_Declared):
    """One figure in several rows: those that share `by`."""

    mart: str
    column: str
    by: tuple[str, ...]


class Hidden(_Declared):
    """What goes with a hidden figure."""

    mart: str
    columns: tuple[str, ...]
    where: str = "true"


class Follower(_Declared):
    """What would tell a hidden figure and is no count itself."""

    when: Side
    hide: Hidden
    by: tuple[str, ...]


class Policy(_Declared):
    """The whole of `disclosure.yml`."""

    small: Small
    figures: tuple[Counted, ...]
    not_people: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    tell_no_counts: tuple[str, ...] = ()
    totals: tuple[Sum, ...] = ()
    repeated: tuple[Repeated, ...] = ()
    follows: tuple[Follower, ...] = ()

    def may_hide_in(self, mart: str) -> bool:
        """Whether anything of a mart may have to be hidden."""
        counted, followers = {figure.mart for figure in self.figures}, {rule.hide.mart for rule in self.follows}
        return mart in counted | followers | _TELLING.keys() | {"submissions"}

    def tokens(self, mart: str) -> list[str]:
        """The columns of a mart that say why a count of people is blank."""
        return list(dict.fromkeys(token(figure.column) for figure in self.figures if figure.mart == mart))


@dataclass(frozen=True)
class Cell:
    """A figure of a composed mart: the row by its `rowid`."""

    mart: str
    column: str
    row: int


def policy() -> Policy:
    """What is declared. Raises PublicationError where it is not understood."""
    try:
        return Policy.model_validate(read_yaml(POLICY_FILE))
    except (ValueError, YAMLError) as error:
        raise PublicationError(f"{POLICY_FILE.name} is not understood, so nothing may leave: {error}") from error


def token(column: str) -> str:
    """The column that says why another one is blank."""
    return f"{column}_token"


def apply(
    connection: duckdb.DuckDBPyConnection,
    rules: Policy,
    keys: Mapping[str, Sequence[str]],
    earlier: Mapping[str, Collection[str]],
    earlier_schema: str,
    previous: Manifest | None,
) -> tuple[Disclosure, set[str]]:
    """Hide in the composed marts (`drafts.main`) what must not leave; return how much that was, and withheld sentences.

    `keys` names the composed marts and their keys. `earlier` are the columns of the marts that have been published
    before, below `earlier_schema`: what stands there openly hides nothing, and what is hidden there stays hidden. So
    does what `previous`, the last version, remembers to have been hidden, unless an older version is published again.
    Raises PublicationError where the policy names a column that a mart does not have.
    """
    figures = [figure for figure in rules.figures if figure.mart in keys]
    values: dict[Cell, int | None] = {}
    primary: set[Cell] = set()
    hidden: set[Cell] = set()
    known: set[Cell] = set()
    foreign: set[Cell] = set()
    for figure in figures:
        for row in _cells(connection, figure, rules.small, keys[figure.mart], earlier, earlier_schema):
            cell = Cell(figure.mart, figure.column, row["row"])
            values[cell] = row["value"]
            primary |= {cell} if row["small"] else set()
            hidden |= {cell} if row["small"] or row["hidden"] else set()
            known |= {cell} if row["known"] else set()
            foreign |= {cell} if row["foreign"] else set()
    remembered = _remembered(previous)
    if earlier_schema == PREVIOUS:
        for (mart, column), rows in remembered.items():
            there = _by_key(connection, f"{DRAFTS}.{quoted(mart)}", keys[mart]) if mart in keys else {}
            again = {Cell(mart, column, there[row]) for row in rows & there.keys()}
            hidden |= {cell for cell in again - known if values.get(cell)}
    hidden |= {cell for cell in _printed_again(connection, rules, keys) - known if values.get(cell)}
    totals = _totals(connection, rules, values)
    protected = protect(values, totals, hidden, known, foreign)
    everything = hidden | protected.secondary
    for figure in figures:
        _hide(connection, figure.mart, (figure.column,), {cell.row for cell in everything if _is_of(cell, figure)})
    following = sum(_hide_followers(connection, rule, everything) for rule in rules.follows if rule.hide.mart in keys)
    addresses = _addresses(connection, rules, keys)
    withheld = {
        sentence for mart in _TELLING if mart in keys for sentence in _withhold(connection, mart, addresses, rules)
    }
    if "submissions" in keys:
        _withhold_reasons(connection, withheld)
    disclosure = Disclosure(
        primary=len(primary),
        secondary=len(everything - primary),
        following=following,
        exposed=len(protected.exposed),
        remembered=_still_remembered(connection, rules, remembered, previous, keys),
    )
    return disclosure, withheld


_Keys = set[tuple[str | None, ...]]


def _remembered(previous: Manifest | None) -> dict[tuple[str, str], _Keys]:
    """What the last version remembers to have been hidden and does not hide itself: keys by mart and column."""
    known = previous.disclosure.remembered if previous and previous.disclosure else {}
    return {(mart, column): set(rows) for mart, columns in known.items() for column, rows in columns.items()}


def _still_remembered(
    connection: duckdb.DuckDBPyConnection,
    rules: Policy,
    remembered: dict[tuple[str, str], _Keys],
    previous: Manifest | None,
    keys: Mapping[str, Sequence[str]],
) -> dict[str, dict[str, list[tuple[str | None, ...]]]]:
    """What was ever hidden and is not in the composed marts, which tell themselves what they hide."""
    for figure in rules.figures:
        was = previous.marts.get(figure.mart) if previous else None
        if was and token(figure.column) in was.columns:
            hidden = _by_key(connection, f"{PREVIOUS}.{quoted(figure.mart)}", was.key, _is_confidential(figure.column))
            remembered.setdefault((figure.mart, figure.column), set()).update(hidden)
    found: dict[str, dict[str, list[tuple[str | None, ...]]]] = {}
    for (mart, column), rows in remembered.items():
        hidden = {}
        if mart in keys and rows:
            hidden = _by_key(connection, f"{DRAFTS}.{quoted(mart)}", keys[mart], _is_confidential(column))
        if left := rows - hidden.keys():
            found.setdefault(mart, {})[column] = sorted(left, key=str)
    return found


def _by_key(
    connection: duckdb.DuckDBPyConnection, relation: str, key: Sequence[str], where: str = "true"
) -> dict[tuple[str | None, ...], int]:
    """The `rowid`s of a relation's rows, by their keys as text."""
    texts = ", ".join(f"cast({quoted(column)} as varchar)" for column in key)
    rows = connection.execute(f"select rowid, {texts} from {relation} where {where}").fetchall() if key else []
    return {tuple(values): row for row, *values in rows}


def _is_confidential(column: str) -> str:
    return f"{quoted(token(column))} = {literal(CONFIDENTIAL)}"


def without(reason: str | None, withheld: Collection[str]) -> str | None:
    """A decision's reason without the sentences that are withheld."""
    for sentence in sorted(withheld, key=len, reverse=True):
        reason = reason.replace(sentence, WITHHELD) if reason else reason
    return reason


def _is_of(cell: Cell, figure: Counted) -> bool:
    return (cell.mart, cell.column) == (figure.mart, figure.column)


def _cells(
    connection: duckdb.DuckDBPyConnection,
    figure: Counted,
    small: Small,
    key: Sequence[str],
    earlier: Mapping[str, Collection[str]],
    earlier_schema: str,
) -> list[dict[str, Any]]:
    """The counts of people of one column: `value` as a whole number, and what is known of it."""
    table = f"{DRAFTS}.{quoted(figure.mart)}"
    columns = columns_of(connection, table)
    missing = {figure.column, *([figure.times] if figure.times else [])} - columns.keys()
    if missing:
        raise PublicationError(
            f"{POLICY_FILE.name} names {', '.join(sorted(missing))} of {figure.mart}, which has no such column. "
            "Mend it first: nothing may leave unprotected."
        )
    column, word = f"now.{quoted(figure.column)}", f"now.{quoted(token(figure.column))}"
    value = f"{column} * now.{quoted(figure.times)}" if figure.times else column
    before, then_known, then_hidden = "", "false", "false"
    if key and figure.mart in earlier and {*key, figure.column} <= set(earlier[figure.mart]):
        same = " and ".join(f"was.{quoted(name)} is not distinct from now.{quoted(name)}" for name in key)
        before = f"left join {earlier_schema}.{quoted(figure.mart)} as was on {same}"
        then_known = f"coalesce(was.{quoted(figure.column)} = {column}, false)"
        if token(figure.column) in earlier[figure.mart]:
            then_hidden = f"coalesce(was.{quoted(token(figure.column))} = {literal(CONFIDENTIAL)}, false)"
    return records(
        connection,
        f"""
        select
            now.rowid as row, cast(round({value}) as bigint) as value,
            not now.open_to_all and {column} is not null
            and {column} > {small.lowest - 1} and {column} < {small.highest + 1} as small,
            coalesce({word} = {literal(CONFIDENTIAL)}, false) or ({then_hidden} and coalesce({column} <> 0, false))
                as hidden,
            {then_known} or now.open_to_all as known,
            {column} is null and coalesce({word} = 'suppressed', false) as foreign
        from (
            select rowid, *, coalesce({figure.already_public or "false"}, false) as open_to_all
            from {table} where {figure.where}
        ) as now {before}
        where {column} is not null or {word} in ('suppressed', {literal(CONFIDENTIAL)})
        """,
    )


def _totals(
    connection: duckdb.DuckDBPyConnection, rules: Policy, values: Mapping[Cell, int | None]
) -> list[Total[Cell]]:
    """Which of the cells add up to which."""
    marts = {cell.mart for cell in values}
    found: list[Total[Cell]] = []
    for rule in rules.totals:
        if {rule.total.mart, rule.parts.mart} <= marts:
            rows = connection.execute(_pairs(rule.total, rule.parts, rule.by, rule.on)).fetchall()
            sides = rule.total, rule.parts
            found += [_total(sides[0], row, sides[1], parts, values) for row, parts in rows]
    for same in rules.repeated:
        if same.mart in marts:
            side = Side(mart=same.mart, column=same.column)
            equal = f"total.rowid < parts.rowid and parts.{quoted(same.column)} = total.{quoted(same.column)}"
            rows = connection.execute(_pairs(side, side, same.by, equal)).fetchall()
            found += [_total(side, row, side, [part], values) for row, parts in rows for part in parts]
    return [total for total in found if total.parts and total.cell in values]


def _printed_again(
    connection: duckdb.DuckDBPyConnection, rules: Policy, keys: Mapping[str, Sequence[str]]
) -> set[Cell]:
    """Figures that another row hides already, of which nobody here knows any more whether it is the same number."""
    found = set()
    for same in rules.repeated:
        if same.mart in keys:
            hidden = f"{quoted(same.column)} is null and {_is_confidential(same.column)}"
            sides = Side(mart=same.mart, column=same.column, where=hidden), Side(mart=same.mart, column=same.column)
            rows = connection.execute(_pairs(*sides, same.by, "true")).fetchall()
            found |= {Cell(same.mart, same.column, row) for _, again in rows for row in again}
    return found


def _total(of: Side, row: int, parts_of: Side, rows: Iterable[int], values: Mapping[Cell, int | None]) -> Total[Cell]:
    parts = (Cell(parts_of.mart, parts_of.column, each) for each in rows)
    return Total(Cell(of.mart, of.column, row), tuple(part for part in parts if part in values))


def _pairs(total: Side, parts: Side, by: Sequence[str], on: str) -> str:
    """SQL of each total's row and the list of its parts' rows."""
    same = " and ".join(f"parts.{quoted(name)} is not distinct from total.{quoted(name)}" for name in by)
    return f"""
        select total.rowid, list(parts.rowid order by parts.rowid)
        from (select rowid, * from {DRAFTS}.{quoted(total.mart)} where {total.where}) as total
        inner join (select rowid, * from {DRAFTS}.{quoted(parts.mart)} where {parts.where}) as parts
            on {same} and ({on})
        group by total.rowid order by total.rowid
    """


def _hide(connection: duckdb.DuckDBPyConnection, mart: str, columns: Iterable[str], rows: Collection[int]) -> None:
    """Blank columns of some rows, and say so where there is a column for it."""
    if not rows:
        return
    table = f"{DRAFTS}.{quoted(mart)}"
    there = columns_of(connection, table)
    blanks = [f"{quoted(column)} = null" for column in columns]
    words = [f"{quoted(token(column))} = {literal(CONFIDENTIAL)}" for column in columns if token(column) in there]
    connection.execute(
        f"update {table} set {', '.join(blanks + words)} where rowid in (select unnest(?))", [sorted(rows)]
    )


def _hide_followers(connection: duckdb.DuckDBPyConnection, rule: Follower, hidden: Collection[Cell]) -> int:
    """Hide what would tell a hidden figure; return how many figures that were."""
    rows = sorted(cell.row for cell in hidden if (cell.mart, cell.column) == (rule.when.mart, rule.when.column))
    if not rows:
        return 0
    same = " and ".join(f"follower.{quoted(name)} is not distinct from figure.{quoted(name)}" for name in rule.by)
    filled = " or ".join(f"follower.{quoted(name)} is not null" for name in rule.hide.columns)
    found = connection.execute(
        f"""
        select distinct follower.rowid
        from (select rowid, * from {DRAFTS}.{quoted(rule.hide.mart)} where {rule.hide.where}) as follower
        inner join (select rowid, * from {DRAFTS}.{quoted(rule.when.mart)} where {rule.when.where}) as figure
            on {same}
        where figure.rowid in (select unnest(?)) and ({filled})
        """,
        [rows],
    ).fetchall()
    _hide(connection, rule.hide.mart, rule.hide.columns, {row for (row,) in found})
    return len(found) * len(rule.hide.columns)


_Partition = tuple[str, str]
_Place = tuple[str, str]
"""Sheet and cell."""


@dataclass
class _Addresses:
    """The cells of the submitted files that hold counts of people, by organisation and quarter.

    `hidden` are those of hidden figures; `beside` all those of the columns that the organisation has a hidden figure
    in, whatever its quarter: what compares one quarter with another tells both.
    """

    hidden: dict[_Partition, set[_Place]]
    beside: dict[_Partition, set[_Place]]
    on_sheets: set[_Place]
    """Organisation and sheet that published counts of people stand on."""
    shown: set[str]
    """The submissions that published rows come from."""
    returns: set[str]
    """The returns that these are of."""
    checked: dict[_Partition, set[_Place]]
    """The cells whose printed figures checks compare with hidden ones: a finding about one tells what a check does."""

    def of_organisation(self, organisation_code: str) -> bool:
        """Whether anything of an organisation is hidden."""
        return any(organisation_code == found for found, _ in self.hidden)


def _addresses(connection: duckdb.DuckDBPyConnection, rules: Policy, keys: Mapping[str, Sequence[str]]) -> _Addresses:
    shown = _shown(connection)
    found = _Addresses({}, {}, set(), shown, set(map(_return_of, shown)), {})
    for mart in keys:
        for column in {name.removesuffix("_token") for name in rules.tokens(mart)}:
            table = f"{DRAFTS}.{quoted(mart)}"
            there = {"sheet", "cells"} <= columns_of(connection, table).keys()
            place = f"sheet, cells ->> {literal(column)}" if there else "null, null"
            if there:
                on_sheets = f"select distinct organisation_code, sheet from {table}"
                found.on_sheets.update(connection.execute(on_sheets).fetchall())
            rows = connection.execute(
                f"""
                select organisation_code, quarter, {place},
                    coalesce({quoted(token(column))} = {literal(CONFIDENTIAL)}, false) as is_hidden
                from {table} qualify bool_or(is_hidden) over (partition by organisation_code)
                """
            ).fetchall()
            for organisation_code, quarter, sheet, cell, is_hidden in rows:
                places = _places(cell or "", sheet)
                for group in (found.beside, *([found.hidden] if is_hidden else [])):
                    group.setdefault((organisation_code, quarter), set()).update(places)
    return found


def _shown(connection: duckdb.DuckDBPyConnection) -> set[str]:
    """The submissions that rows of the version come from."""
    named = connection.execute(
        "select database_name, table_name from duckdb_columns() where column_name = 'submission_id' "
        f"and database_name in ('marts', {literal(DRAFTS_FILE)}) and table_name <> 'data_quality_findings'"
    ).fetchall()
    queries = (f"select submission_id from {quoted(file)}.main.{quoted(table)}" for file, table in named)
    return {name for (name,) in connection.execute(" union ".join(queries)).fetchall()} if named else set()


def _return_of(submission_id: str) -> str:
    """Organisation and return of a submission: its name without month and number."""
    return submission_id.rsplit(".", 2)[0]


def _places(text: str, sheet: str | None, last_row: int = _LAST_ROW) -> set[_Place]:
    """Every cell that a text names down to a row: `B5:B8, 'Other sheet'!C1`.

    A message repeats what its sender wrote, which may name more cells than there is memory for.
    """
    found = set()
    for match in _ADDRESS.finditer(text):
        named = (match["quoted"] or match["sheet"] or sheet or "").replace("''", "'").strip()
        first, last = int(match["first"]), min(int(match["last"] or match["first"]), last_row)
        found |= {(named, f"{match['column']}{number}") for number in range(first, last + 1)}
    return found


def _withhold(connection: duckdb.DuckDBPyConnection, mart: str, addresses: _Addresses, rules: Policy) -> list[str]:
    """Take the figures and words out of rows that tell of hidden cells, or of figures without saying which cells.

    Returns the words that were taken out.
    """
    figures, words, places = _TELLING[mart]
    table = f"{DRAFTS}.{quoted(mart)}"
    there = columns_of(connection, table)
    stage = "stage" if "stage" in there else "'arithmetic' as stage"
    sender = "submission_id" if "submission_id" in there else "null as submission_id"
    silent = ", ".join(map(literal, rules.tell_no_counts))
    said = (
        f"select rowid as row, organisation_code, quarter, {sender}, sheet, {stage}, {quoted(words)}, "
        f"{comma_separated(column for column in places if column != words)} from {table}"
    )
    rows = records(connection, said + (f" where coalesce(rule, '') not in ({silent})" if "rule" in there else ""))
    telling = [
        row
        for row in rows
        if _tells(row, places, words, addresses) or _tells_unpublished(row, words, addresses, rules.small)
    ]
    if not telling:
        return []
    for row in telling:
        if "printed_cell" in row:
            checked = addresses.checked.setdefault((row["organisation_code"], row["quarter"]), set())
            checked |= _places(row["printed_cell"] or "", row["sheet"])
    blanks = [f"{quoted(column)} = null" for column in figures if column in there]
    connection.execute(
        f"update {table} set {', '.join([*blanks, f'{quoted(words)} = {literal(WITHHELD)}'])} "
        "where rowid in (select unnest(?))",
        [sorted(row["row"] for row in telling)],
    )
    if FINDING_ID in there:
        _name_anew(connection, table, there)
    return [row[words] for row in telling if row[words]]


def _tells_unpublished(row: Mapping[str, Any], words: str, addresses: _Addresses, small: Small) -> bool:
    """Whether a finding about a file that is not published tells what may be a small count of people.

    That file was held or replaced, so that none of its figures is there to be hidden: what stands on a sheet that
    counts people, or in a return of which nothing is published that would say whether it does, is taken for people.
    """
    submission = row["submission_id"]
    if words != "message" or not submission or submission in addresses.shown or not row[words]:
        return False
    is_known = _return_of(submission) in addresses.returns
    if not row["cell"] or (is_known and (row["organisation_code"], row["sheet"]) not in addresses.on_sheets):
        return False
    hides = (row["organisation_code"], row["quarter"]) in addresses.hidden
    numbers = (int(match[0]) for match in _WHOLE_NUMBER.finditer(row[words]))
    return hides or any(small.lowest <= number <= small.highest for number in numbers)


def _withhold_reasons(connection: duckdb.DuckDBPyConnection, withheld: Collection[str]) -> None:
    """Take withheld sentences out of the reasons that `submissions` gives for a decision."""
    table, column = f"{DRAFTS}.submissions", "quarter_decision_reason"
    if column not in columns_of(connection, table):
        return
    for (reason,) in connection.execute(f"select distinct {column} from {table}").fetchall():
        left = without(reason, withheld)
        if left != reason:
            connection.execute(f"update {table} set {column} = ? where {column} = ?", [left, reason])


def _tells(row: Mapping[str, Any], places: Sequence[str], words: str, addresses: _Addresses) -> bool:
    """Whether a check or finding is about a hidden figure, or may be."""
    organisation_code, partition = row["organisation_code"], (row["organisation_code"], row["quarter"])
    across_time = row["stage"] == _ACROSS_TIME
    cells = (addresses.beside if across_time else addresses.hidden).get(partition, set())
    checked = addresses.checked.get(partition, set()) if row["stage"] in _ABOUT_FIGURES else set()
    last_row = max((int(cell.lstrip(ascii_uppercase)) for _, cell in cells | checked), default=0)
    named = set().union(*(_places(row[column] or "", row["sheet"], last_row) for column in places))
    # A cell on a sheet that is not named may be any sheet's.
    anywhere = {cell for _, cell in cells}
    if any(place in cells or (not place[0] and place[1] in anywhere) for place in named):
        return True
    if named & checked:
        return True
    # `Q2` in a sentence is no cell: only what stands in a column for cells says which one is meant.
    if any(row[column] for column in places if column != words):
        return False
    if across_time:
        return addresses.of_organisation(organisation_code)
    return row["stage"] in _ABOUT_FIGURES and partition in addresses.hidden


def _name_anew(connection: duckdb.DuckDBPyConnection, table: str, columns: Collection[str]) -> None:
    """Name withheld findings after what is left of them.

    A hash of the sentence would tell it to anybody who tries four numbers. Findings that nothing tells apart any more
    are counted, in no order.
    """
    left = ", ".join(f"coalesce({quoted(column)}::varchar, '-')" for column in columns if column != FINDING_ID)
    connection.execute(
        f"""
        update {table} set {FINDING_ID} = named.anew
        from (
            select rowid as row, left(md5(concat_ws('|', {left}, row_number() over (partition by {left}))), 16) as anew
            from {table} where message = {literal(WITHHELD)}
        ) as named
        where {table}.rowid = named.row
        """
    )
