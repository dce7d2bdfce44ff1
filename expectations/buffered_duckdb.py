"""A SQLAlchemy dialect of DuckDB that Great Expectations can work with: `duckdb+buffered:///path`.

Great Expectations hands a connection back to the pool before it fetches; the pool's rollback then voids DuckDB's open
result, and the rows are silently gone. Here every result is fetched as soon as its statement has run.
"""

from duckdb_sqlalchemy import Dialect, DuckDBExecutionContext
from sqlalchemy.dialects import registry
from sqlalchemy.engine.cursor import FullyBufferedCursorFetchStrategy


class BufferedExecutionContext(DuckDBExecutionContext):
    """Fetches all rows while the connection is still its own."""

    def post_exec(self) -> None:
        """Keep the rows of a statement that has any."""
        super().post_exec()  # type: ignore[no-untyped-call]
        if self.cursor.description:
            self.cursor_fetch_strategy = FullyBufferedCursorFetchStrategy(
                self.cursor, initial_buffer=self.cursor.fetchall()
            )


class BufferedDialect(Dialect):
    """DuckDB, buffered. `DremioDialect` is how Great Expectations knows that `REGEXP_MATCHES` is to be used."""

    DremioDialect = True
    execution_ctx_cls = BufferedExecutionContext
    supports_statement_cache = True


def register() -> None:
    """Make `duckdb+buffered` known to SQLAlchemy."""
    registry.register("duckdb.buffered", __name__, BufferedDialect.__name__)
