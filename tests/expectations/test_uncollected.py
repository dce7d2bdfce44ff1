"""Nobody looks for garbage for a while, and then as before."""

import gc

import pytest

from expectations.uncollected import uncollected


def test_garbage_is_looked_for_again_afterwards() -> None:
    with uncollected():
        assert not gc.isenabled()
    assert gc.isenabled()


def test_also_where_the_work_fails() -> None:
    @uncollected()
    def fail() -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        fail()
    assert gc.isenabled()


def test_who_did_not_look_before_does_not_look_afterwards() -> None:
    gc.disable()
    try:
        with uncollected(), uncollected():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()
