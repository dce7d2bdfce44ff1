"""Secondary suppression: which further figures must be hidden so that no hidden one can be worked out.

Knows nothing of marts: cells are any names, `Total`s say which cells add up to which. Whoever attacks is taken to know
every shown cell, every total, that counts are whole and that nothing hidden is 0.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

CellName = TypeVar("CellName")

# A value that is as good as unlimited beside any of the figures at hand.
_ROOM = 10


@dataclass(frozen=True, eq=False)
class Total(Generic[CellName]):
    """A cell that is the sum of others; the same figure printed twice is the total of one part."""

    cell: CellName
    parts: tuple[CellName, ...]

    @property
    def cells(self) -> tuple[CellName, ...]:
        """The total and its parts."""
        return (self.cell, *self.parts)


@dataclass(frozen=True)
class Suppressed(Generic[CellName]):
    """What has to be hidden: `secondary` beside the given ones; `exposed` are those that nothing can hide any more."""

    secondary: frozenset[CellName]
    exposed: frozenset[CellName]


def protect(
    values: Mapping[CellName, int | None],
    totals: Sequence[Total[CellName]],
    hidden: Collection[CellName],
    known: Collection[CellName] = frozenset(),
    foreign: Collection[CellName] = frozenset(),
) -> Suppressed[CellName]:
    """Choose the cells that protect the hidden ones, smallest first, parts before totals, until none can be solved.

    `values` has every cell; None is one that nobody here knows any more (hidden by an earlier version) or that its
    publisher withheld (`foreign`: unknown to all, and nothing to protect). A cell that is missing, or 0, counts as
    nothing. `known` cells were shown before with the same value: they hide nothing. Cells stay hidden once chosen.
    """
    secondary: set[CellName] = set()
    exposed: set[CellName] = set()
    for component in _components(totals, hidden):
        chosen, open_to_all = _protect_component(values, component, hidden, known, foreign)
        secondary |= chosen
        exposed |= open_to_all
    return Suppressed(frozenset(secondary - set(hidden)), frozenset(exposed))


def solvable(
    values: Mapping[CellName, int | None],
    totals: Iterable[Total[CellName]],
    unknown: Collection[CellName],
    foreign: Collection[CellName] = frozenset(),
) -> set[CellName]:
    """The unknown cells (whole numbers from 1, `foreign` ones from 0) that the totals leave only one value for."""
    equations = [_equation(values, total, unknown) for total in totals]
    equations = [equation for equation in equations if equation[0]]
    cells = list(dict.fromkeys(cell for coefficients, _ in equations for cell in coefficients))
    if not cells:
        return set()
    return _fixed(cells, equations, foreign) - set(foreign)


def _protect_component(
    values: Mapping[CellName, int | None],
    totals: list[Total[CellName]],
    hidden: Collection[CellName],
    known: Collection[CellName],
    foreign: Collection[CellName],
) -> tuple[set[CellName], set[CellName]]:
    cells = {cell for total in totals for cell in total.cells}
    outside = {cell for cell in foreign if cell in cells}
    covered = {cell for cell in hidden if cell in cells} - outside
    protected = covered - set(known)
    sums = {total.cell for total in totals if len(total.parts) > 1}
    chosen: set[CellName] = set()

    def partner(of: set[CellName]) -> CellName | None:
        """The cell to hide next: in the shortest total of an exposed one that has any, else anywhere around."""
        near = sorted((total for total in totals if not of.isdisjoint(total.cells)), key=lambda total: len(total.parts))
        for pool in (*(total.cells for total in near), cells):
            free = [cell for cell in pool if cell not in covered | outside and cell not in known and values.get(cell)]
            if free:
                return min(free, key=lambda cell: (cell in sums, abs(values[cell] or 0), str(cell)))
        return None

    # What stands alone in a total needs no solver to be seen.
    for alone in iter(lambda: _alone(totals, protected, covered - set(known) | outside), None):
        found = partner({alone})
        if found is None:
            break
        for group in (chosen, covered, protected):
            group.add(found)
    while True:
        exposed = solvable(values, totals, (covered - set(known)) | outside, outside) & protected
        found = partner(exposed) if exposed else None
        if found is None:
            return chosen, exposed
        for group in (chosen, covered, protected):
            group.add(found)


def _alone(
    totals: Iterable[Total[CellName]], protected: Collection[CellName], unknown: Collection[CellName]
) -> CellName | None:
    """A protected cell that is the one unknown of a total, or None."""
    for total in totals:
        within = [cell for cell in total.cells if cell in unknown]
        if len(within) == 1 and within[0] in protected:
            return within[0]
    return None


def _components(totals: Iterable[Total[CellName]], hidden: Collection[CellName]) -> list[list[Total[CellName]]]:
    """The totals that hang together over common cells, for each such group that has a hidden cell."""
    of_cell: dict[CellName, list[Total[CellName]]] = defaultdict(list)
    for total in totals:
        for cell in total.cells:
            of_cell[cell].append(total)
    found: list[list[Total[CellName]]] = []
    seen: set[Total[CellName]] = set()
    for start in hidden:
        group, waiting = [], [total for total in of_cell.get(start, ()) if total not in seen]
        seen.update(waiting)
        while waiting:
            total = waiting.pop()
            group.append(total)
            for cell in total.cells:
                new = [other for other in of_cell[cell] if other not in seen]
                seen.update(new)
                waiting += new
        found += [group] if group else []
    return found


_Equation = tuple[dict[CellName, int], int]


def _equation(
    values: Mapping[CellName, int | None], total: Total[CellName], unknown: Collection[CellName]
) -> _Equation[CellName]:
    """A total as coefficients of its unknown cells, and what these come to.

    Where printed figures contradict each other, the difference is taken to be known as well.
    """
    sides = [(total.cell, -1), *((part, 1) for part in total.parts)]
    coefficients = {cell: sign for cell, sign in sides if cell in unknown}
    true = [(values.get(cell), sign) for cell, sign in sides if cell in unknown]
    if all(value is not None for value, _ in true):
        return coefficients, sum(sign * (value or 0) for value, sign in true)
    return coefficients, -sum(sign * (values.get(cell) or 0) for cell, sign in sides if cell not in unknown)


def _fixed(cells: list[CellName], equations: list[_Equation[CellName]], foreign: Collection[CellName]) -> set[CellName]:
    """The cells that have the same value in every solution in whole numbers."""
    # Only where something is to be hidden: both take longer to import than most commands run.
    import numpy as np
    from scipy.optimize import Bounds, LinearConstraint, milp

    place = {cell: number for number, cell in enumerate(cells)}
    matrix = np.zeros((len(equations), len(cells)))
    for row, (coefficients, _) in enumerate(equations):
        for cell, sign in coefficients.items():
            matrix[row, place[cell]] = sign
    sums = np.array([right for _, right in equations])
    lowest = np.array([0 if cell in foreign else 1 for cell in cells])
    bounds = Bounds(lowest, np.full(len(cells), _ROOM * (1 + abs(sums).max()) + len(cells)))
    rules = LinearConstraint(matrix, sums, sums)

    def solution(weights: np.ndarray) -> np.ndarray | None:
        found = milp(weights, constraints=rules, bounds=bounds, integrality=np.ones(len(cells)))
        return None if found.x is None else np.round(found.x)

    first = solution(np.ones(len(cells)))
    if first is None:
        # The shown figures contradict each other, so that there is nothing to solve.
        return set()
    open_cells = set(range(len(cells)))
    for sign in (-1, 1):
        for target in [None, *range(len(cells))]:
            if target is not None and target not in open_cells:
                continue
            weights = np.zeros(len(cells))
            weights[list(open_cells) if target is None else [target]] = sign
            other = solution(weights)
            if other is not None:
                open_cells -= set(np.flatnonzero(other != first))
    return {cells[number] for number in open_cells}
