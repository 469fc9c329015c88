"""What a run on the twin should find, from inside the twin, where no analysis can look."""

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import numpy.typing as npt

from sims.dot.response import Dot, Response
from sims.dot.stimulus import Cycle

FloatArray = npt.NDArray[np.float64]

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
        alike = np.full((2, last.dot.transitions.rate_per_ns.size), 1e-6)
        return {"g2_zero": last.expected_g2_zero(alike), "lifetime": _decay_time_ns(last)}
    if procedure == "spin-pumping":
        return {"pumping_efficiency": pumping_efficiency(seen)}
    if procedure == "polarised-pl":
        lines, rates = seen[0].dot.transitions, seen[0].rates()
        bright = (np.asarray(lines.kind) == "exciton") & (rates > WEAK_LINE * rates.max())
        return {"total_splitting": float(np.ptp(lines.energy_mev[bright]))}
    return {}


def pumping_efficiency(seen: list[Response]) -> float:
    """1 − F_end/F_0 of the pump on the line, from populations; those before it belong to the scan over the line."""
    start, end = _projections([response for response in seen if _is_resonant_pump(response)][-1])
    return 1.0 - _fluorescence(end) / _fluorescence(start)


def _decay_time_ns(response: Response, start_ns: float = 10.0, stop_ns: float = 60.0) -> float:
    """Of the fluorescence after the pulse. Dark excitons make it a little longer than the bright exciton's lifetime."""
    time, rate = response.intensity(np.ones(response.dot.transitions.rate_per_ns.size))
    first, last = np.searchsorted(time, [start_ns, stop_ns])
    return float((time[last] - time[first]) / np.log(rate[first] / rate[last]))


def _is_resonant_pump(response: Response) -> bool:
    """Circular light that empties a state."""
    lights = [segment.lights[0] for segment in response.cycle.segments if segment.lights]
    if not lights or lights[0].stokes[2] < 0.9:
        return False
    start, end = _projections(response)
    return bool(end[0] < 0.3 * start[0])


def _projections(response: Response) -> FloatArray:
    """Populations of the projections, +S first, when the pump goes on and when it goes off, (2, 2S + 1)."""
    durations = [segment.duration_ns for segment in response.cycle.segments]
    first = next(k for k, segment in enumerate(response.cycle.segments) if segment.lights)
    on, off = sum(durations[:first]), sum(durations[: first + 1])
    populations = response.dot.spin_populations(response)
    return np.asarray(populations[np.searchsorted(response.time_ns, [on, off])], dtype=np.float64)


def _fluorescence(projections: FloatArray) -> float:
    """Of the addressed projection, and of the others through the foot of their Lorentzian lines."""
    away = np.arange(1, projections.size)
    return float(projections[0] + np.sum(CROSS_EXCITATION / away**2 * projections[1:]))
