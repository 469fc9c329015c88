"""What a run on the twin should find, from inside the twin, where no analysis can look."""

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from sims.dot.response import Dot, Response
from sims.dot.stimulus import Cycle

CROSS_EXCITATION = 0.002
"""Strength with which the laser excites the next line; a run states it under "one line addressed"."""

WEAK_LINE = 0.01
"""Of the strongest line: what is weaker is not counted as a line."""


KNOWN = frozenset({"g2", "spin-pumping", "polarised-pl"})
"""Procedures of which :func:`truths` knows something."""


@contextmanager
def watched(procedure: str) -> Iterator[list[Response]]:
    """All responses of dots asked for meanwhile, in order; none where they would tell nothing (they are large)."""
    seen: list[Response] = []
    if procedure not in KNOWN:
        yield seen
        return
    respond = Dot.respond

    def watching(dot: Dot, cycle: Cycle, step_ns: float = 1.0) -> Response:
        seen.append(respond(dot, cycle, step_ns))
        return seen[-1]

    Dot.respond = watching  # type: ignore[method-assign]
    try:
        yield seen
    finally:
        Dot.respond = respond  # type: ignore[method-assign]


def truths(procedure: str, seen: list[Response]) -> dict[str, float]:
    """Results of ``procedure`` as far as the responses seen during the run tell them: name -> value."""
    if procedure == "g2":
        last = seen[-1]
        return {"g2_zero": last.expected_g2_zero(np.full((2, last.dot.transitions.rate_per_ns.size), 1e-6))}
    if procedure == "spin-pumping":
        return {"pumping_efficiency": pumping_efficiency(seen)}
    if procedure == "polarised-pl":
        lines, rates = seen[0].dot.transitions, seen[0].rates()
        bright = (np.asarray(lines.kind) == "exciton") & (rates > WEAK_LINE * rates.max())
        return {"total_splitting": float(np.ptp(lines.energy_mev[bright]))}
    return {}


def pumping_efficiency(seen: list[Response]) -> float:
    """1 − F_end/F_0 of the pump on the line, from populations; those before it belong to the scan over the line."""
    start, end = _addressed([response for response in seen if _is_resonant_pump(response)][-1])
    return 1.0 - _fluorescence(end) / _fluorescence(start)


def _is_resonant_pump(response: Response) -> bool:
    """Circular light that empties a state."""
    lights = [segment.lights[0] for segment in response.cycle.segments if segment.lights]
    if not lights or lights[0].stokes[2] < 0.9:
        return False
    start, end = _addressed(response)
    return end < 0.3 * start


def _addressed(response: Response) -> tuple[float, float]:
    """Population of the projection +S when the pump goes on and when it goes off."""
    durations = [segment.duration_ns for segment in response.cycle.segments]
    first = next(k for k, segment in enumerate(response.cycle.segments) if segment.lights)
    on, off = sum(durations[:first]), sum(durations[: first + 1])
    populations = response.dot.spin_populations(response)[:, 0]
    at = np.searchsorted(response.time_ns, [on, off])
    return float(populations[at[0]]), float(populations[at[1]])


def _fluorescence(addressed: float) -> float:
    return addressed + CROSS_EXCITATION * (1.0 - addressed)
