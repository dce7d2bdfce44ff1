"""The made-up councils' marts with pandas, as somebody makes them who knows it well and is short of memory.

Only what is needed comes in, through Arrow; texts that repeat are categories; what depends on a few texts is worked out
once for each combination of them; frames are let go. The logic is that of `hand_written.sql`.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd

_OF_EVERY_MART = ["organisation_code", "organisation", "quarter", "quarter_start", "data_status"]
_QUARTER = ["organisation_code", "quarter_start"]
_RETURN = ["organisation_code", "return_id", "reporting_period"]
_BLOCK = ["submission_id", "table_name", "block"]
_MONEY = ["target", "at_risk", "delivered_alternatively", "net_at_risk"]
_RAGS = ["green", "amber", "amber_red", "red", "complete", "not_rated"]
_MOVEMENTS = ["closed", "new", "not_comparable", "improved", "worsened", "same"]
_TEXTS = ["portfolio", "programme", "project_code", "project", "status", "status_previous", "commentary"]


def make(build: Path, folder: Path) -> None:
    """Make the marts of a build file's raw rows and seeds, and write each as `folder`/<mart>.parquet.

    Money is in pounds, rounded to pennies.
    """
    folder.mkdir(parents=True, exist_ok=True)
    sent = _sent(build)
    quarters = _reporting_quarters(sent, build)
    _write(folder, "reporting_quarters", quarters)
    current = _current(sent, quarters)
    multipliers = [
        *_projects(build, folder, current),
        _savings(build, folder, current),
        _budget(build, folder, current),
    ]
    _write(folder, "lineage_multipliers", _lineage_multipliers(multipliers, current))


def _projects(build: Path, folder: Path, current: pd.DataFrame) -> list[pd.DataFrame]:
    """Write both marts of projects; their multipliers, a frame a figure."""
    rows = _read(
        build,
        "raw.project_status",
        ["submission_id", "sheet", "source_row", "row_type", "cells", "scale_id", *_TEXTS],
        _MONEY,
    )
    multipliers = [_multipliers(rows, figure) for figure in _MONEY]
    rows = _closing(rows[rows.row_type == "detail"], current)
    status = _project_status(rows, _read(build, "seeds.delivery_statuses"))
    del rows
    _write(folder, "project_status", status)
    _write(folder, "portfolio_savings", _portfolio_savings(status))
    return multipliers


def _savings(build: Path, folder: Path, current: pd.DataFrame) -> pd.DataFrame:
    """Write the mart of savings by year; its multipliers."""
    rows = _read(
        build,
        "raw.savings",
        [*_BLOCK, "sheet", "source_row", "row_type", "rolls_up_to_row", "cells", "portfolio", "component"]
        + ["component_type", "savings_year", "measure"],
        ["value"],
    )
    multipliers = _multipliers(rows, "value")
    rows = _closing(rows, current)
    _write(folder, "savings_profile", _savings_profile(rows))
    return multipliers


def _budget(build: Path, folder: Path, current: pd.DataFrame) -> pd.DataFrame:
    """Write the mart of budget lines; its multipliers."""
    rows = _read(
        build,
        "raw.budget_line",
        [*_BLOCK, "sheet", "source_row", "row_type", "cells", "section", "line", "fiscal_year"],
        ["value"],
    )
    multipliers = _multipliers(rows, "value")
    rows = _closing(rows, current)
    _write(folder, "medium_term_finance", _medium_term_finance(rows))
    return multipliers


def _read(build: Path, table: str, columns: Iterable[str] = ("*",), figures: Iterable[str] = ()) -> pd.DataFrame:
    """Columns of a table, and its figures with their units and multipliers; texts as categories."""
    wanted = [
        *columns,
        *(f"cast({name}{part} as double) as {name}{part}" for name in figures for part in ("", "_scale")),
        *(f"{name}_unit" for name in figures),
    ]
    with duckdb.connect(str(build), read_only=True) as connection:
        rows = connection.execute(f"select {', '.join(wanted)} from {table}").to_arrow_table()
    return rows.to_pandas(categories=[field.name for field in rows.schema if str(field.type) == "string"])


def _write(folder: Path, mart: str, rows: pd.DataFrame) -> None:
    rows.to_parquet(folder / f"{mart}.parquet", index=False)


def _sent(build: Path) -> pd.DataFrame:
    """All submissions, with their quarter, and when they were received in UTC."""
    sent = _read(build, "raw.submissions", [*_RETURN, "submission_id", "sequence", "received_at", "status"])
    sent = sent.astype(dict.fromkeys([*_RETURN, "submission_id"], "str"))
    return sent.assign(
        quarter_start=_quarter_start(sent.reporting_period),
        received=pd.to_datetime(sent.received_at.astype("str"), utc=True).dt.tz_localize(None),
        accepted=sent.status == "accepted",
    )


def _quarter_start(months: pd.Series) -> pd.Series:
    return pd.to_datetime(months, format="%Y-%m").dt.to_period("Q").dt.start_time


def _quarter(starts: pd.Series) -> pd.Series:
    """Quarters of fiscal years from April, such as 2018-19 Q1."""
    quarters = starts.dt.to_period("Q-MAR").dt
    ends = quarters.qyear
    years = (ends - 1).astype("str") + "-" + (ends % 100).astype("str").str.zfill(2)
    return years + " Q" + quarters.quarter.astype("str")


def _owed(expected: pd.DataFrame) -> pd.DataFrame:
    """One row for each return and month that is expected."""
    this_month = pd.Timestamp.today().to_period("Q").asfreq("M", how="end")
    steps = expected.frequency.astype("str").map({"monthly": 1, "quarterly": 3}).fillna(12).astype("int")
    lasts = expected.last_period.astype("str").fillna(str(this_month))
    months = [
        pd.period_range(first, last, freq="M")[::step].astype("str")
        for first, last, step in zip(expected.first_period, lasts, steps, strict=True)
    ]
    owed = expected[["organisation_code", "return_id"]].assign(reporting_period=months)
    return owed.explode("reporting_period").dropna().astype("str")


def _returns(sent: pd.DataFrame, build: Path) -> pd.DataFrame:
    """One row for each return and month that is expected or was received: when first, when last.

    `complete_at`: when the last came that the quarter was waiting for, so far.
    """
    times = sent.assign(received=sent.received.where(sent.accepted)).groupby(_RETURN).received
    received = times.agg(first_at="min", last_at="max").reset_index()
    returns = received.merge(_owed(_read(build, "seeds.expected_returns")), on=_RETURN, how="outer", indicator="side")
    returns = returns.assign(
        expected=returns.side != "left_only",
        accepted=returns.first_at.notna(),
        quarter_start=_quarter_start(returns.reporting_period),
    )
    awaited = returns.assign(first_at=returns.first_at.where(returns.expected))
    complete_at, any_at = (each.groupby(_QUARTER).first_at.transform("max") for each in (awaited, returns))
    return returns.assign(complete_at=complete_at.fillna(any_at))


def _reporting_quarters(sent: pd.DataFrame, build: Path) -> pd.DataFrame:
    returns = _returns(sent, build)
    quarters = (
        returns.assign(
            expected_returns_accepted=returns.expected & returns.accepted,
            restated_since=returns.last_at > returns[["first_at", "complete_at"]].max(axis="columns"),
        )
        .groupby(_QUARTER, as_index=False)
        .agg(
            expected_returns=("expected", "sum"),
            expected_returns_accepted=("expected_returns_accepted", "sum"),
            is_reported=("accepted", "any"),
            is_revised=("restated_since", "any"),
            final_at=("complete_at", "first"),
            last_accepted_at=("last_at", "max"),
        )
    )
    missing = returns[returns.expected & ~returns.accepted].sort_values(["return_id", "reporting_period"])
    missing["missing_returns"] = missing.return_id + " " + missing.reporting_period
    missing = missing.groupby(_QUARTER, as_index=False).missing_returns.agg(", ".join)
    organisations = _read(build, "seeds.organisations", ["organisation_code", "organisation"]).astype("str")
    quarters = quarters.merge(missing, on=_QUARTER, how="left").merge(organisations, on="organisation_code", how="left")
    is_waiting = quarters.missing_returns.notna()
    quarter = _quarter(quarters.quarter_start)
    return quarters.assign(
        organisation=quarters.organisation.fillna(quarters.organisation_code),
        quarter=quarter,
        quarter_end=quarters.quarter_start.dt.to_period("Q").dt.end_time.dt.normalize(),
        fiscal_year=quarter.str[:7],
        data_status=np.select(
            [is_waiting | ~quarters.is_reported, quarters.is_revised], ["provisional", "revised"], "final"
        ),
        final_at=quarters.final_at.mask(is_waiting),
    ).drop(columns=["is_reported", "is_revised"])


def _current(sent: pd.DataFrame, quarters: pd.DataFrame) -> pd.DataFrame:
    """The last accepted submission of every return and month, with its quarter, and whether it closes it.

    `reported_before`: whether the organisation reported anything for the quarter before.
    """
    latest = sent[sent.accepted].sort_values("sequence").drop_duplicates(_RETURN, keep="last")
    last = latest.groupby([*_QUARTER, "return_id"]).reporting_period.transform("max")
    current = latest.assign(closes=latest.reporting_period == last).merge(quarters[_OF_EVERY_MART], on=_QUARTER)
    quarter_before = current[_QUARTER].assign(quarter_start=current.quarter_start - pd.DateOffset(months=3))
    reported = pd.MultiIndex.from_frame(current[_QUARTER])
    current["reported_before"] = pd.MultiIndex.from_frame(quarter_before).isin(reported)
    current = current[["submission_id", "return_id", *_OF_EVERY_MART, "closes", "reported_before"]]
    return current.astype(dict.fromkeys(["return_id", "organisation_code", "organisation", "quarter"], "category"))


def _closing(rows: pd.DataFrame, current: pd.DataFrame) -> pd.DataFrame:
    """The rows of submissions that close a quarter, with what every mart says of these."""
    known = rows.submission_id.dtype
    closing = current[current.closes & current.submission_id.isin(known.categories)].drop(columns="closes")
    return rows.merge(closing.astype({"submission_id": known}), on="submission_id")


def _once_each(rows: pd.DataFrame, made: Callable[[pd.DataFrame], pd.DataFrame]) -> pd.DataFrame:
    """What is made of rows of which few are distinct: made of the distinct ones, given to all; texts as categories."""
    alike = rows.groupby(list(rows), dropna=False, observed=True, sort=False).ngroup()
    first = ~alike.duplicated()
    distinct = made(rows[first].astype(dict.fromkeys(rows.select_dtypes("category"), "str")))
    texts = dict.fromkeys(distinct.select_dtypes("str"), "category")
    return distinct.astype(texts).set_axis(alike[first]).loc[alike].set_axis(rows.index)


def _cells(rows: pd.DataFrame, named: Mapping[str, str]) -> pd.Series:
    """The addresses of a row's cells under the mart's own names, as JSON; a letter alone is of the row's own cell."""

    def address(cell: str, source_row: int) -> str:
        return f"{cell}{source_row}" if re.fullmatch("[A-Z]+", cell) else cell

    def text(cells: str, source_row: int) -> str:
        raw = json.loads(cells)
        entries = {name: address(raw[field], source_row) for name, field in named.items() if field in raw}
        return json.dumps(entries, separators=(",", ":"), ensure_ascii=False)

    def texts(distinct: pd.DataFrame) -> pd.DataFrame:
        found = [text(*each) for each in distinct.itertuples(index=False)]
        return pd.DataFrame({"cells": pd.Series(found, distinct.index, dtype="str")})

    return _once_each(rows[["cells", "source_row"]], texts)["cells"]


def _pounds(rows: pd.DataFrame, figure: str) -> pd.Series:
    """A figure in pounds, half a penny rounded away from nought; exact up to a thousand million pounds."""
    pence = (rows[figure] * rows[f"{figure}_scale"] * 100).round(4)
    return np.trunc(pence + np.copysign(0.5, pence)) / 100


def _plain(texts: pd.Series) -> pd.Series:
    """Letters and digits of texts, in small letters."""
    return texts.str.lower().map(lambda text: re.sub(r"[\W_]+", "", text), na_action="ignore")


def _subjects(distinct: pd.DataFrame) -> pd.DataFrame:
    project = distinct.project_code.fillna(_plain(distinct.project))
    return pd.DataFrame({"subject": _plain(distinct.portfolio) + "/" + project})


def _ratings(rows: pd.DataFrame, column: str, words: pd.DataFrame) -> pd.DataFrame:
    """What the scale says of a column's statuses; a word that it has not stays as it was printed."""

    def word(texts: pd.Series) -> pd.Series:
        one_space = texts.astype("str").map(lambda text: re.sub(r"\s+", " ", text), na_action="ignore")
        return one_space.str.strip().str.lower()

    def ratings(distinct: pd.DataFrame) -> pd.DataFrame:
        printed = distinct.assign(word=word(distinct[column]))
        found = printed.merge(known, on=["scale_id", "word"], how="left", validate="many_to_one")
        status = found.status_of_scale.fillna(found[column])
        return found[["rag", "rank"]].assign(status=status, rated=found.rated.eq(True)).set_axis(distinct.index)

    known = words.astype(dict.fromkeys(["scale_id", "status", "rag"], "str")).assign(word=word(words.word))
    known = known.rename(columns={"status": "status_of_scale"})
    return _once_each(rows[["scale_id", column]], ratings)


def _quarter_before(rows: pd.DataFrame) -> pd.DataFrame:
    """What was said a quarter before of the projects whose report does not print it."""
    keys = ["organisation_code", "subject", "quarter_start"]
    asked = rows.loc[rows.status_printed.isna() & rows.subject.notna(), keys]
    earlier = rows[[*keys, "status", "rank", "rated", "scale_id"]].dropna(subset="subject")
    earlier["quarter_start"] += pd.DateOffset(months=3)
    found = asked.reset_index().merge(earlier, on=keys, how="left").set_index("index")
    return found.drop(columns=keys).reindex(rows.index)


def _project_status(rows: pd.DataFrame, words: pd.DataFrame) -> pd.DataFrame:
    present, printed = (_ratings(rows, column, words) for column in ("status", "status_previous"))
    rows = rows.assign(
        **present,
        **_once_each(rows[["portfolio", "project_code", "project"]], _subjects),
        status_printed=printed.status,
    )
    earlier = _quarter_before(rows)
    is_printed = rows.status_printed.notna()
    status_previous = printed.status.astype("str").fillna(earlier.status.astype("str"))
    worse = rows["rank"] - printed["rank"].where(is_printed, earlier["rank"])
    comparable = rows.rated & (
        (is_printed & printed.rated)
        | (~is_printed & earlier.rated.eq(True) & (earlier.scale_id.astype("str") == rows.scale_id.astype("str")))
    )
    movement = np.select(
        [rows.rag == "complete", status_previous.isna() & rows.reported_before, ~comparable, worse < 0, worse > 0],
        range(5),
        5,
    )
    basis = np.select([is_printed, status_previous.notna()], [0, 1], -1)
    named = (
        {name: name for name in _TEXTS[:-1]} | {f"{name}_gbp": name for name in _MONEY} | {"commentary": "commentary"}
    )
    status = rows[[*_OF_EVERY_MART, *_TEXTS, "scale_id", "rag", "submission_id", "sheet"]]
    return status.assign(
        status_previous=status_previous,
        status_previous_basis=pd.Categorical.from_codes(basis, ["printed", "previous quarter"]),
        movement=pd.Categorical.from_codes(movement, _MOVEMENTS),
        cells=_cells(rows, named),
        **{f"{figure}_gbp": _pounds(rows, figure) for figure in _MONEY},
    )


def _portfolio_savings(status: pd.DataFrame) -> pd.DataFrame:
    """Projects, money and ratings of portfolios; of a mart of projects."""
    keys = [*_OF_EVERY_MART, "portfolio"]
    counted = {"projects": True} | {f"projects_{rag}": status.rag == rag for rag in _RAGS}
    portfolios = status.assign(**counted).groupby(keys, dropna=False, observed=True, sort=False)
    money = portfolios[[f"{figure}_gbp" for figure in _MONEY]].sum(min_count=1).round(2)
    return money.join(portfolios[list(counted)].sum()).reset_index()


def _savings_profile(rows: pd.DataFrame) -> pd.DataFrame:
    is_total = rows.row_type != "detail"
    parts = rows.loc[~is_total, [*_BLOCK, "rolls_up_to_row", "portfolio"]].dropna(subset="rolls_up_to_row")
    parts = parts.rename(columns={"rolls_up_to_row": "source_row"}).astype({"source_row": "int32"})
    place = [*_BLOCK, "source_row"]
    above = parts.dropna(subset="portfolio").drop_duplicates(place)
    totals = rows.loc[is_total, [*place, "portfolio", "component"]].reset_index()
    totals = totals.merge(above, on=place, how="left", suffixes=("", "_of_parts")).set_index("index")
    is_heading = totals.component.astype("str") == totals.portfolio.astype("str")
    headings = is_heading.index[is_heading]
    types = rows.component_type.cat.categories.union(["portfolio"])
    component_type = rows.component_type.cat.set_categories(types)
    component_type.loc[headings] = "portfolio"
    portfolio = rows.portfolio.copy()
    portfolio.loc[totals.index] = totals.portfolio_of_parts.fillna(totals.portfolio)
    names = {name: name for name in ("portfolio", "component", "savings_year")}
    return rows[
        [*_OF_EVERY_MART, "return_id", "component", "row_type", "savings_year", "measure", "submission_id", "sheet"]
    ].assign(
        source_table=rows.table_name,
        portfolio=portfolio,
        component_type=component_type,
        amount_gbp=_pounds(rows, "value"),
        cells=_cells(rows, names | {"amount_gbp": "value"}),
    )


def _medium_term_finance(rows: pd.DataFrame) -> pd.DataFrame:
    sections = [*_BLOCK, "section"]
    ends = rows[rows.row_type != "detail"].groupby(sections, observed=True).source_row.min().rename("section_end")
    end = rows[sections].merge(ends, on=sections, how="left").section_end
    names = {name: name for name in ("section", "line", "fiscal_year")}
    return rows[[*_OF_EVERY_MART, "line", "fiscal_year", "submission_id", "sheet"]].assign(
        section=rows.section.where(end.isna() | (rows.source_row <= end)),
        line_type=rows.row_type,
        amount_gbp=_pounds(rows, "value"),
        cells=_cells(rows, names | {"amount_gbp": "value"}),
    )


def _multipliers(rows: pd.DataFrame, figure: str) -> pd.DataFrame:
    """The units and multipliers of a figure, by submission, sheet and column of the sheet."""
    named = {f"{figure}_unit": "unit", f"{figure}_scale": "multiplier"}
    distinct = rows.loc[rows[figure].notna(), ["submission_id", "sheet", *named, "cells"]].drop_duplicates()
    cell = distinct.pop("cells").map(lambda cells: json.loads(cells).get(figure)).astype("str")
    return distinct.rename(columns=named).assign(sheet_column=cell.str.extract("^([A-Z]*)")).drop_duplicates()


def _lineage_multipliers(found: list[pd.DataFrame], current: pd.DataFrame) -> pd.DataFrame:
    """The columns of each sheet that share a unit and a multiplier, of what was found table by table."""
    multipliers = pd.concat([each.astype({"submission_id": "str", "sheet": "str", "unit": "str"}) for each in found])
    multipliers = multipliers.drop_duplicates().dropna(subset="sheet_column")
    multipliers = multipliers.assign(width=multipliers.sheet_column.str.len()).sort_values(["width", "sheet_column"])
    columns = multipliers.groupby(["submission_id", "sheet", "unit", "multiplier"], dropna=False, as_index=False)
    listed = columns.sheet_column.agg(", ".join).rename(columns={"sheet_column": "sheet_columns"})
    return listed.merge(current[["submission_id", *_OF_EVERY_MART]], on="submission_id")
