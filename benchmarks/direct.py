"""The rooms called one after the other, as the DAGs call them: what the work costs without a scheduler."""

from concurrent.futures import ThreadPoolExecutor

from quarterdeck.settings import Settings

AT_ONCE = 2


def warm() -> None:
    """Import the rooms, so that what is timed is their work."""
    from expectations import arithmetic, audit, pending  # noqa: F401
    from loaders import load, read, receive  # noqa: F401
    from publication import publish  # noqa: F401
    from transform import candidate  # noqa: F401


def ingest(settings: Settings) -> dict[str, int]:
    """Take what has landed to the raw schema, batches two at a time; returns how many were accepted and held."""
    from expectations import arithmetic
    from loaders import load, read, receive
    from quarterdeck.feeds import FEEDS

    accepted = held = 0
    months = sorted({path.name for path in settings.landing.glob("*/*/*")})
    for feed in FEEDS:
        for period in months:
            batches = receive.receive(settings, feed.name, period)
            with ThreadPoolExecutor(AT_ONCE) as threads:
                reads = [threads.submit(read.read_batch, settings, feed.name, period, batch) for batch in batches]
            loaded = load.load_batches(settings, [each.result() for each in reads])
            arithmetic.check(settings, loaded.accepted)
            accepted += len(loaded.accepted)
            held += len(loaded.held)
    return {"accepted": accepted, "held": held}


def judge(settings: Settings) -> int:
    """Build the candidate and decide on all that is pending; returns how many partitions were published."""
    from expectations import audit, pending
    from transform import candidate

    partitions = pending.pending_partitions(settings)
    candidate.build(settings, [partition.organisation_code for partition in partitions])
    decided = audit.audit(settings, partitions)
    return sum(decision.decision == "published" for decision in decided.decisions)


def publish(settings: Settings) -> str:
    """Publish what was decided; returns the version."""
    from publication.publish import publish

    return publish(settings).version or ""
