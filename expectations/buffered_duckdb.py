"""A SQLAlchemy dialect of DuckDB that Great Expectations can work with: `duckdb+buffered:///path`.

Great Expectations hands a connection back to the pool before it fetches; the pool's rollback then voids DuckDB's open
result, and the rows are silently gone. Here every result is fetched as soon as its statement has run.

To learn the columns of a query, Great Expectations runs it by itself, and would read everything it judges. A query that
begins with `WHOLE` is therefore run without its rows; inside the statements that judge, it is a comment.
"""

from typing import Any

from duckdb_sqlalchemy import Dialect, DuckDBExecutionContext
from sqlalchemy.dialects import registry
from sqlalchemy.engine.cursor import FullyBufferedCursorFetchStrategy

WHOLE = "select /* whole */ "


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

    def do_execute(self, cursor: Any, statement: str, parameters: Any, context: Any = None) -> None:
        """Run a statement; of a query that is asked for its columns, none of its rows."""
        if statement.startswith(WHOLE):
            statement = f"select * from ({statement}) limit 0"
        super().do_execute(cursor, statement, parameters, context)


def register() -> None:
    """Make `duckdb+buffered` known to SQLAlchemy."""
    registry.register("duckdb.buffered", __name__, BufferedDialect.__name__)
