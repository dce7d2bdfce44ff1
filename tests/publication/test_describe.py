"""What a composed mart holds, however long it is."""

import hashlib
from pathlib import Path

from publication.compose import composing, describe

ROWS = 1_000_000


def test_a_long_mart_is_described_within_the_memory_that_there_is(tmp_path: Path) -> None:
    with composing(tmp_path, {}, "80MB") as connection:
        connection.execute(f"create table marts.main.figures as select number from range({ROWS}) as numbers(number)")
        assert describe(connection, "figures", "whole", ["number"]).rows == ROWS


def test_its_hash_is_over_its_columns_and_the_sorted_hashes_of_its_rows(tmp_path: Path) -> None:
    with composing(tmp_path, {}, "1GB") as connection:
        connection.execute("create table marts.main.figures as select unnest([7, null]) as number")
        content = describe(connection, "figures", "whole", ["number"])
    hashes = sorted(hashlib.sha256(row).hexdigest() for row in (b"1:7", b"-"))
    assert content.content_sha256 == hashlib.sha256(("number INTEGER" + "".join(hashes)).encode()).hexdigest()
