"""Attackers of suppressed tables: they know the rules, every shown cell and every total, and learn no hidden cell."""

from collections.abc import Mapping, Sequence
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from publication.suppression import Suppressed, Total, protect

SMALL = range(1, 5)
Cell = tuple[int, int]
"""Row and column; the last of each are the totals."""


def table(counts: Sequence[Sequence[int]]) -> tuple[dict[Cell, int], list[Total[Cell]]]:
    """A table of counts with its row totals, column totals and grand total."""
    rows, columns = len(counts), len(counts[0])
    across = [[*row, sum(row)] for row in counts]
    full = [*across, [sum(column) for column in zip(*across, strict=True)]]
    values = {(row, column): full[row][column] for row in range(rows + 1) for column in range(columns + 1)}
    totals = [Total((row, columns), tuple((row, column) for column in range(columns))) for row in range(rows + 1)] + [
        Total((rows, column), tuple((row, column) for row in range(rows))) for column in range(columns + 1)
    ]
    return values, totals


def small_cells(values: Mapping[Cell, int]) -> set[Cell]:
    return {cell for cell, value in values.items() if value in SMALL}


def hide(values: Mapping[Cell, int], totals: Sequence[Total[Cell]]) -> tuple[set[Cell], Suppressed[Cell]]:
    found = protect(values, totals, small_cells(values))
    return small_cells(values) | found.secondary, found


def solutions(values: Mapping[Cell, int], totals: Sequence[Total[Cell]], hidden: set[Cell]) -> dict[Cell, set[int]]:
    """Every value that each hidden cell can have, found by trying all of them: nothing of the project's is used."""
    order = sorted(hidden)
    most = max(values.values(), default=0) + 2
    possible: dict[Cell, set[int]] = {cell: set() for cell in order}

    def try_from(known: dict[Cell, int], rest: list[Cell]) -> None:
        for total in totals:
            if all(cell in known for cell in total.cells):
                if sum(known[part] for part in total.parts) != known[total.cell]:
                    return
            elif total.cell in known and sum(known.get(part, 0) for part in total.parts) > known[total.cell]:
                return
        if not rest:
            for cell in order:
                possible[cell].add(known[cell])
            return
        for guess in range(1, most):
            try_from(known | {rest[0]: guess}, rest[1:])

    try_from({cell: value for cell, value in values.items() if cell not in hidden}, order)
    return possible


def linear_bounds(
    values: Mapping[Cell, int], totals: Sequence[Total[Cell]], hidden: set[Cell], cell: Cell
) -> tuple[float, float]:
    """The least and the most that linear programming leaves for a hidden cell."""
    order = sorted(hidden)
    matrix, right = [], []
    for total in totals:
        signs = [(total.cell, -1), *((part, 1) for part in total.parts)]
        matrix.append([sum(sign for each, sign in signs if each == other) for other in order])
        right.append(-sum(sign * values[each] for each, sign in signs if each not in hidden))
    goal = np.array([float(other == cell) for other in order])
    found = [
        linprog(sign * goal, A_eq=matrix, b_eq=right, bounds=[(1, 10 * sum(values.values()) + 10)] * len(order))
        for sign in (1, -1)
    ]
    assert all(each.success for each in found)
    return found[0].fun, -found[1].fun


def test_these_attackers_see_through_a_cell_that_is_hidden_alone() -> None:
    values, totals = table([[3, 10], [20, 30]])

    assert solutions(values, totals, {(0, 0)}) == {(0, 0): {3}}
    assert linear_bounds(values, totals, {(0, 0), (0, 1)}, (0, 0)) == (3, 3)


def test_the_smallest_other_cell_protects_a_small_one() -> None:
    values, totals = table([[3, 10, 7]])
    one_row = [total for total in totals if total.cell == (0, 3)]

    assert protect(values, one_row, {(0, 0)}) == Suppressed(frozenset({(0, 2)}), frozenset())


def test_two_ones_do_not_protect_each_other() -> None:
    values, totals = table([[1, 1, 7]])
    one_row = [total for total in totals if total.cell == (0, 3)]

    assert protect(values, one_row, {(0, 0), (0, 1)}).secondary == {(0, 2)}


def test_zero_is_shown_and_protects_nothing() -> None:
    values, totals = table([[3, 0, 0], [5, 5, 5]])

    hidden, _ = hide(values, totals)
    assert not any(values[cell] == 0 for cell in hidden)
    assert (0, 3) in hidden


def test_a_table_without_small_counts_is_left_alone() -> None:
    values, totals = table([[10, 20], [30, 0]])

    assert hide(values, totals) == (set(), Suppressed(frozenset(), frozenset()))


def test_a_small_count_in_no_total_needs_no_protection() -> None:
    assert protect({"alone": 2}, [], {"alone"}) == Suppressed(frozenset(), frozenset())


def test_a_cell_shown_before_protects_nothing() -> None:
    values, totals = table([[3, 10, 7]])
    one_row = [total for total in totals if total.cell == (0, 3)]

    assert protect(values, one_row, {(0, 0)}, known={(0, 2)}).secondary == {(0, 1)}


def test_what_earlier_versions_give_away_is_said() -> None:
    values, totals = table([[3, 10, 7]])
    one_row = [total for total in totals if total.cell == (0, 3)]

    assert protect(values, one_row, {(0, 0)}, known=set(values) - {(0, 0)}).exposed == {(0, 0)}


def test_a_figure_printed_twice_is_hidden_twice() -> None:
    values = {"small": 3, "other": 9, "more": 20, "sum": 32, "other again": 9}
    totals = [Total("sum", ("small", "other", "more")), Total("other", ("other again",))]

    assert protect(values, totals, {"small"}).secondary == {"other", "other again"}


def test_what_a_publisher_withheld_is_a_protection_that_nobody_can_see_through() -> None:
    values = {"small": 3, "theirs": None, "more": 20, "sum": 30}

    assert protect(values, [Total("sum", ("small", "theirs", "more"))], {"small"}, foreign={"theirs"}) == Suppressed(
        frozenset(), frozenset()
    )


def test_printed_totals_that_contradict_their_parts_are_protected_all_the_same() -> None:
    values = {"small": 3, "more": 20, "others": 12, "sum": 34}

    assert protect(values, [Total("sum", ("small", "more", "others"))], {"small"}).secondary == {"others"}


counts = st.one_of(st.integers(0, 6), st.integers(0, 40))


def tables(rows: int, columns: int) -> st.SearchStrategy[list[list[int]]]:
    return st.integers(1, rows).flatmap(
        lambda height: st.integers(1, columns).flatmap(
            lambda width: st.lists(st.lists(counts, min_size=width, max_size=width), min_size=height, max_size=height)
        )
    )


@settings(deadline=None, max_examples=150)
@given(tables(5, 5))
def test_linear_programming_pins_no_hidden_cell_down(rows: list[list[int]]) -> None:
    values, totals = table(rows)
    hidden, found = hide(values, totals)

    assert not found.exposed
    assert all(value not in SMALL or cell in hidden for cell, value in values.items())
    for cell in hidden:
        least, most = linear_bounds(values, totals, hidden, cell)
        assert most - least > 0.5, (cell, values[cell])


@settings(deadline=None, max_examples=80)
@given(st.lists(st.lists(st.integers(0, 4), min_size=2, max_size=2), min_size=1, max_size=2))
def test_trying_every_number_leaves_at_least_two_for_each_hidden_cell(rows: list[list[int]]) -> None:
    values, totals = table(rows)
    hidden, _ = hide(values, totals)

    for cell, possible in solutions(values, totals, hidden).items():
        assert len(possible) > 1 and values[cell] in possible


@settings(deadline=None, max_examples=60)
@given(tables(4, 4), tables(4, 4))
def test_nothing_is_learnt_from_two_versions_of_a_table(then: list[list[int]], change: list[list[int]]) -> None:
    """A later version changes some counts; the attacker puts the shown cells of both together."""
    values, totals = table(then)
    hidden, _ = hide(values, totals)
    later = [
        [cell + change[row % len(change)][column % len(change[0])] * (row == 0) for column, cell in enumerate(cells)]
        for row, cells in enumerate(then)
    ]
    now, _ = table(later)
    known = {cell for cell in now if cell not in hidden and now[cell] == values[cell]}
    kept = {cell for cell in hidden if now[cell]}
    found = protect(now, totals, small_cells(now) | kept, known)
    hidden_now = small_cells(now) | kept | found.secondary

    # Both versions side by side, a cell that did not change being one and the same.
    both = {("then", cell): value for cell, value in values.items()} | {("now", cell): v for cell, v in now.items()}
    sides = [
        Total((side, total.cell), tuple((side, part) for part in total.parts))
        for side in both_sides
        for total in totals
    ]
    unknown = {("then", cell) for cell in hidden} | {("now", cell) for cell in hidden_now}
    shown_then = {("now", cell) for cell in known}
    exposed = {("now", cell) for cell in found.exposed}
    for cell in unknown - shown_then - exposed:
        least, most = linear_bounds(both, sides, unknown, cell)  # type: ignore[arg-type]
        assert most - least > 0.5, cell


both_sides = ("then", "now")


@pytest.mark.parametrize("depth", [2, 3])
def test_a_tree_of_totals_is_protected_at_every_level(depth: int) -> None:
    values: dict[tuple[int, ...], int] = {}
    for leaf in product(range(3), repeat=depth):
        values[leaf] = 3 if not any(leaf) else 5 + sum(leaf)
    totals = []
    for level in range(depth - 1, -1, -1):
        for node in product(range(3), repeat=level):
            parts = tuple((*node, each) for each in range(3))
            values[node] = sum(values[part] for part in parts)
            totals.append(Total(node, parts))

    found = protect(values, totals, {leaf for leaf, value in values.items() if value in SMALL})
    assert len(found.secondary) == 1
    assert {len(cell) for cell in found.secondary} == {depth}
