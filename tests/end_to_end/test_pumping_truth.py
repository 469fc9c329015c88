"""What spin-pumping states against the populations inside the twin, which no analysis can see."""

from pathlib import Path

import numpy as np
import pytest

from runmanager.engine import RunRequest, run
from sims.dot.response import Dot, Response
from sims.dot.stimulus import Cycle

CROSS_EXCITATION = 0.002
"""Strength with which the laser excites the next line; the run states it under "one line addressed"."""


def test_pumping_efficiency_is_that_of_the_populations(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, no_figure: None
) -> None:
    """One 1/e time alone, which the counts of 60 s do not refuse, is off by ten of its errors."""
    seen: list[Response] = []
    respond = Dot.respond

    def watched(dot: Dot, cycle: Cycle, step_ns: float = 1.0) -> Response:
        seen.append(respond(dot, cycle, step_ns))
        return seen[-1]

    monkeypatch.setattr(Dot, "respond", watched)
    outcome = run(RunRequest("spin-pumping", seed=4, out=tmp_path))
    assert outcome.analysis is not None
    result = outcome.analysis.results["pumping_efficiency"]
    pumped = [response for response in seen if _is_resonant_pump(response)]
    start, end = _addressed(pumped[-1])  # those before it belong to the scan over the line
    truth = 1.0 - _fluorescence(end) / _fluorescence(start)
    assert abs(result.value - truth) < 2.5 * result.stderr
    assert result.stderr < 0.01


def _is_resonant_pump(response: Response) -> bool:
    """Circular light that empties a state: of all pumps of the run the one that is on the line."""
    lights = [segment.lights[0] for segment in response.cycle.segments if segment.lights]
    if not lights or lights[0].stokes[2] < 0.9:
        return False
    start, end = _addressed(response)
    return end < 0.3 * start


def _addressed(response: Response) -> tuple[float, float]:
    """Population of the projection +5/2 when the pump goes on and when it goes off."""
    durations = [segment.duration_ns for segment in response.cycle.segments]
    first = next(k for k, segment in enumerate(response.cycle.segments) if segment.lights)
    on, off = sum(durations[:first]), sum(durations[: first + 1])
    populations = response.dot.spin_populations(response)[:, 0]
    at = np.searchsorted(response.time_ns, [on, off])
    return float(populations[at[0]]), float(populations[at[1]])


def _fluorescence(addressed: float) -> float:
    return addressed + CROSS_EXCITATION * (1.0 - addressed)
