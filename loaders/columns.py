"""Rows of the raw schema as they are made from a file: kept by column, and shown one by one to whoever asks."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import repeat
from typing import Any

RawRow = dict[str, Any]


@dataclass(frozen=True)
class Chunk:
    """So many rows of one record type: of a column what `each` of them says in turn, or the `same` for all."""

    count: int
    same: RawRow
    each: dict[str, list[Any]]

    def __iter__(self) -> Iterator[RawRow]:
        for values in zip(*self.each.values(), strict=True) if self.each else repeat((), self.count):
            yield self.same | dict(zip(self.each, values, strict=True))


@dataclass(eq=False, repr=False)
class Rows(Sequence[RawRow]):
    """All rows that a file has of one record type."""

    chunks: list[Chunk] = field(default_factory=list)

    def __len__(self) -> int:
        return sum(chunk.count for chunk in self.chunks)

    def __iter__(self) -> Iterator[RawRow]:
        for chunk in self.chunks:
            yield from chunk

    def __getitem__(self, index: Any) -> Any:
        return list(self)[index]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Rows) and list(self) == list(other)

    def __repr__(self) -> str:
        return repr(list(self))
