"""The data root of a dry run."""

from expectations import approvals
from expectations.approvals import recorded
from expectations.pending import Partition
from loaders.reread import copy_for_dry_run
from quarterdeck.settings import Settings


def test_a_dry_run_knows_what_people_approved(settings: Settings) -> None:
    partition = Partition("E06000045", "2017-18 Q3", "fingerprint", "ground", "submitted")
    approvals.record(settings, partition, "A. Person", "Confirmed.")
    scratch = Settings(home=settings.work / "dry")
    copy_for_dry_run(settings, scratch, [])
    assert recorded(scratch) == recorded(settings) != []
