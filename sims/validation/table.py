"""The whole validation table, in the order in which it is read."""

from collections.abc import Callable, Iterator

from sims.validation.check import Check, Row, evaluate


def all_checks() -> tuple[Check, ...]:
    """Every check, grouped by topic: one file a topic."""
    from sims.validation import (
        coherence_rows,
        doping_rows,
        engine_rows,
        envelope_rows,
        exchange_rows,
        exciton_rows,
        heralding_rows,
        magnetism_rows,
        memory_rows,
        photon_rows,
        pumping_rows,
        resonance_rows,
        switching_rows,
    )

    topics = (
        exciton_rows,
        exchange_rows,
        envelope_rows,
        magnetism_rows,
        resonance_rows,
        pumping_rows,
        memory_rows,
        switching_rows,
        heralding_rows,
        coherence_rows,
        photon_rows,
        doping_rows,
        engine_rows,
    )
    return tuple(check for topic in topics for check in topic.CHECKS)


def validate(started: Callable[[Check], None] | None = None) -> Iterator[Row]:
    """Compute the rows one by one; ``started`` hears of each check before it is computed."""
    for check in all_checks():
        if started is not None:
            started(check)
        yield evaluate(check)
