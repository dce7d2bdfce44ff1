"""What the build file tells beside its marts: what the gate decided, and what the candidate was made from."""

from collections import defaultdict
from collections.abc import Iterable

import duckdb

from publication.contract import candidate_id
from publication.manifest import Approval, Layout, Manifest, Partition, PartitionKey, Source
from publication.sql import quoted, records
from quarterdeck.periods import Month
from quarterdeck.settings import Settings

PUBLISHED = "published"


def standing(settings: Settings, connection: duckdb.DuckDBPyConnection, build: str) -> list[Partition]:
    """The gate's decisions that are about what could be published now, with the approvals they were made with.

    A decision on another candidate, or on other accepted submissions than there are now, stands for nothing: what was
    built or sent since has passed no gate.
    """
    approvals = defaultdict(list)
    of_approval = ", ".join(("organisation_code", "quarter", *Approval.model_fields))
    for row in records(connection, f"select {of_approval} from {quoted(build)}.gate.approvals order by approved_at"):
        approvals[row.pop("organisation_code"), row.pop("quarter")].append(Approval(**row))
    accepted, built = _accepted(sources(connection, build)), candidate_id(settings)
    found = []
    for row in records(
        connection,
        f"""
        select organisation_code, quarter, decision, reason, fingerprint, coalesce(evaluated, 0) as evaluated,
            candidate, submissions
        from {quoted(build)}.gate.decisions
        """,
    ):
        key = row["organisation_code"], row["quarter"]
        judged = row.pop("candidate"), row.pop("submissions") or ""
        if judged == (built, ", ".join(sorted(accepted[key]))):
            found.append(Partition(**row, approvals=approvals[key]))
    return found


def decisions(
    settings: Settings,
    connection: duckdb.DuckDBPyConnection,
    build: str,
    previous: Manifest | None,
    sources: Iterable[Source],
    version: str,
) -> tuple[list[Partition], dict[PartitionKey, bool]]:
    """Every partition's record for a new version, and which ones take their rows from the candidate.

    Those are the ones that the gate has published on another ground than the previous version knew; the value tells
    whether other submissions are behind the rows than behind the last published ones. `build` is the name that the
    build file is attached under.
    """
    partitions = standing(settings, connection, build)
    accepted = _accepted(sources)
    refreshed = {}
    for partition in partitions:
        earlier = previous.partition(partition.key) if previous else None
        if partition.decision == PUBLISHED and partition.decided_since(earlier):
            partition.published_in, partition.submissions = version, accepted[partition.key]
            refreshed[partition.key] = earlier is None or earlier.submissions != partition.submissions
        elif earlier:
            partition.published_in, partition.submissions = earlier.published_in, earlier.submissions
    decided = {partition.key for partition in partitions}
    partitions += [known for known in (previous.partitions if previous else ()) if known.key not in decided]
    return sorted(partitions, key=lambda partition: partition.key), refreshed


def sources(connection: duckdb.DuckDBPyConnection, build: str) -> list[Source]:
    """Every submission that the warehouse knows."""
    columns = ", ".join(Source.model_fields)
    query = f"select {columns} from {quoted(build)}.raw.submissions order by submission_id"
    return [Source(**row) for row in records(connection, query)]


def layouts(connection: duckdb.DuckDBPyConnection, build: str) -> list[Layout]:
    """Every layout that a submission was read with; one that was changed in between appears with each hash."""
    query = f"""
        select distinct layout as id, layout_sha256 as sha256
        from {quoted(build)}.raw.submissions where layout is not null order by all
    """
    return [Layout(**row) for row in records(connection, query)]


def findings(connection: duckdb.DuckDBPyConnection, build: str) -> dict[str, int]:
    """How many findings there are of each severity."""
    query = f"select severity, count(*) from {quoted(build)}.raw.findings group by all order by all"
    return dict(connection.execute(query).fetchall())


def _accepted(sources: Iterable[Source]) -> dict[PartitionKey, list[str]]:
    """The accepted submissions of each partition."""
    accepted: dict[PartitionKey, list[str]] = defaultdict(list)
    for source in sources:
        if source.status == "accepted":
            quarter = str(Month.parse(source.reporting_period).quarter)
            accepted[source.organisation_code, quarter].append(source.submission_id)
    return accepted
