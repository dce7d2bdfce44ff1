"""The rooms called one after the other, as the DAGs call them: what the work costs without a scheduler."""

from concurrent.futures import ThreadPoolExecutor

from quarterdeck.settings import Settings

AT_ONCE = 2


def warm() -> None:
    """Import the rooms, and what the database imports with its first parameter, so that what is timed is their work."""
    import duckdb

    from expectations import arithmetic, audit, pending  # noqa: F401
    from loaders import load, read, receive  # noqa: F401
    from publication import publish  # noqa: F401
    from transform import candidate  # noqa: F401

    duckdb.execute("select ?", [1])


def ingest(settings: Settings) -> dict[str, int]:
    """Take what has landed to the raw schema, as the DAG `late_files` does it, batches two at a time.

    Returns how many were accepted and held.
    """
    from expectations import arithmetic
    from loaders import load, read, receive

    batches = receive.receive_due(settings)
    with ThreadPoolExecutor(AT_ONCE) as threads:
        folders = list(threads.map(lambda batch: read.read_batch(settings, **batch), batches))
    loaded = load.load_batches(settings, folders)
    arithmetic.check(settings, loaded.accepted)
    return {"accepted": len(loaded.accepted), "held": len(loaded.held)}


def judge(settings: Settings) -> int:
    """Check, build and decide on all that is pending, as the DAGs do; returns how many partitions were published."""
    from expectations import arithmetic, audit, pending
    from transform import candidate

    arithmetic.check_pending(settings)
    partitions = pending.pending_partitions(settings)
    candidate.build(settings, [partition.organisation_code for partition in partitions])
    decided = audit.audit(settings, partitions)
    return sum(decision.decision == "published" for decision in decided.decisions)


def publish(settings: Settings) -> str:
    """Publish what was decided; returns the version."""
    from publication.publish import publish

    return publish(settings).version or ""
