"""Which failures of a task may pass by themselves, and are worth another try. A defect fails at once."""

from typing import Any

from airflow.sdk import RetryPolicy
from airflow.sdk.definitions.retry_policy import RetryDecision

# By name, so that reading a DAG file imports no engine.
PASSING = {
    # A file that somebody holds open for a moment, a server that does not answer.
    "builtins.OSError",
    "_duckdb.IOException",
    "sqlalchemy.exc.OperationalError",
    "publication.postgres.ServerError",
    # The scheduler's own interface was not there to hand over a result.
    "airflow.sdk.exceptions.AirflowRuntimeError",
}


class IfItMayPass(RetryPolicy):
    """Tries again after the failures in `PASSING` and their kinds, and after no others."""

    def evaluate(self, exception: BaseException, try_number: int, max_tries: int, context: Any = None) -> RetryDecision:
        """Decide on one failure; `retries` of the task still limits how often."""
        kinds = {f"{kind.__module__}.{kind.__qualname__}" for kind in type(exception).__mro__}
        if kinds & PASSING:
            return RetryDecision.retry(reason="This may pass by itself.")
        return RetryDecision.fail(reason="Another try would fail in the same way.")
