"""What differs between two states of a mart, key by key and column by column, as SQL."""

from collections.abc import Iterable, Mapping, Sequence

from publication.sql import is_numeric, literal, quoted


def same_key(key: Sequence[str]) -> str:
    """SQL condition: rows `o` and `n` have the same key; a blank in a key equals a blank."""
    return " and ".join(f"o.{quoted(column)} is not distinct from n.{quoted(column)}" for column in key)


def values_changed(
    old: str,
    new: str,
    key: Sequence[str],
    old_columns: Mapping[str, str],
    new_columns: Mapping[str, str],
    only: Iterable[str],
    labels: Iterable[str] = (),
) -> str:
    """SQL with one row a key and column of `only` whose value differs between two relations.

    Columns: `key` (a struct), `labels` (columns that both sides have), `in_old` and `in_new` (is there such a row),
    `column_name`, `old_value`, `new_value` (as text). A row that stands on one side only differs in every column that
    is not blank. The key must be unique on both sides.

    Where a relation has a column `<column>_token` beside one, a word (`suppressed`) may stand in place of its value,
    which is then shown as that word in square brackets; a change of the word alone is a change.
    """
    keys = ", ".join(f"{quoted(column)} := {_either(column)}" for column in key)
    shown = "".join(f"{_either(column)} as {quoted(column)}, " for column in labels)
    entries = ", ".join(
        f"{{'column_name': {literal(column)}, 'old_value': {_shown('o', column, old_columns)}, "
        f"'new_value': {_shown('n', column, new_columns)}, "
        f"'differs': {_differs(column, old_columns, new_columns)}}}"
        for column in only
    )
    return f"""
        select * exclude (differs)
        from (
            select struct_pack({keys}) as key, {shown} o.here is not null as in_old, n.here is not null as in_new,
                unnest([{entries}], recursive := true)
            from (select true as here, * from {old}) as o
            full join (select true as here, * from {new}) as n on {same_key(key)}
        )
        where differs
    """


def _either(column: str) -> str:
    return f"coalesce(n.{quoted(column)}, o.{quoted(column)})"


def _token(column: str) -> str:
    return f"{column}_token"


def _shown(side: str, column: str, columns: Mapping[str, str]) -> str:
    """The value as text, or the word that stands in its place."""
    value = f"cast({side}.{quoted(column)} as varchar)"
    return f"coalesce({value}, '[' || {side}.{quoted(_token(column))} || ']')" if _token(column) in columns else value


def _differs(column: str, old_columns: Mapping[str, str], new_columns: Mapping[str, str]) -> str:
    """Numbers are compared as numbers, however they are stored; a column of another type than before, as text."""
    old, new = f"o.{quoted(column)}", f"n.{quoted(column)}"
    old_type, new_type = old_columns[column], new_columns[column]
    if old_type != new_type and not (is_numeric(old_type) and is_numeric(new_type)):
        old, new = f"cast({old} as varchar)", f"cast({new} as varchar)"
    if _token(column) in old_columns and _token(column) in new_columns:
        token = quoted(_token(column))
        return f"({old} is distinct from {new} or o.{token} is distinct from n.{token})"
    return f"{old} is distinct from {new}"
