"""From exceptions to failure kinds."""

import pytest

from fetch_pipeline.core.outcome import FailureKind
from fetch_pipeline.engine.attempt import Phase
from fetch_pipeline.engine.classify import EXPECTED, Failure, classify


@pytest.mark.parametrize("phase", list(Phase))
def test_a_timeout_tells_what_was_waited_for(phase: Phase) -> None:
    """One kind, five details."""
    failure = classify(TimeoutError(), while_=phase)

    assert failure == Failure(FailureKind.TIMEOUT, f"timeout while {phase}", transient=True)


@pytest.mark.parametrize("error", [KeyError("x"), ValueError("x"), MemoryError(), OSError(28, "x")])
def test_a_bug_is_no_outcome(error: Exception) -> None:
    """What the network cannot have caused is not expected, and never becomes a row."""
    assert not isinstance(error, EXPECTED)
    with pytest.raises(TypeError, match="not a failure of the network"):
        classify(error, while_=Phase.QUEUE)
