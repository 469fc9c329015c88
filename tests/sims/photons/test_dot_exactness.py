"""The stream of the real Mn dot (36 states) against the plain walk, pulse by pulse: same law, at fixed seeds."""

import numpy as np
import pytest
from scipy import stats

from sims.dot.response import Dot
from sims.dot.sample import load_sample
from sims.dot.stimulus import Cycle, Environment, PulsedLight, Segment
from sims.photons.events import PhotonEvents
from sims.photons.from_dot import jump_process
from sims.photons.source import PhotonSource
from sims.photons.trajectory import plain_stream

PERIOD_NS = 12.5
N_CYCLES = 1_500_000
LOWEST_P = 1e-3


@pytest.fixture(scope="module")
def dot() -> Dot:
    return Dot(load_sample("mn-cdse-cds"), Environment(4.0))


@pytest.fixture(scope="module")
def both(dot: Dot) -> tuple[PhotonEvents, PhotonEvents]:
    """Stream and walk; detector 0 sees the sigma-plus light, detector 1 all of it; 90 % of the photons are seen."""
    one = dot.mean_pairs(PulsedLight(0.0, 2214.0, 8.0, 1.0, (0.0, 0.0, 1.0)))
    process = jump_process(
        dot, Cycle((Segment(PERIOD_NS),), (PulsedLight(0.0, 2214.0, 8.0, 0.4 / one, (0.0, 0.0, 1.0)),))
    )
    lines = dot.transitions
    plus = np.clip(lines.stokes[:, 3] / np.maximum(lines.stokes[:, 0], 1e-30), 0.0, 1.0)
    source = PhotonSource(process, np.stack([0.6 * plus, np.full(len(lines), 0.3)]))
    fast = source.stream(N_CYCLES * PERIOD_NS * 1e-9, np.random.default_rng(21))
    plain = plain_stream(process, source.detection, source.begin, N_CYCLES, np.random.default_rng(22))
    return fast, plain


def cycle_of(events: PhotonEvents) -> np.ndarray:
    return np.asarray(events.time_ps // round(1e3 * PERIOD_NS))


def scattered(events: PhotonEvents, value: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean count of each value in 100 pieces of the run, and its standard error from the scatter of the pieces."""
    piece = np.minimum(cycle_of(events) * 100 // N_CYCLES, 99)
    counts = np.stack([np.bincount(piece[value == v], minlength=100) for v in range(int(value.max()) + 1)])
    return counts.mean(axis=1), counts.std(axis=1) / 10


def test_there_is_enough_to_compare(both: tuple[PhotonEvents, PhotonEvents]) -> None:
    assert min(map(len, both)) > 50_000


def test_every_line_on_every_detector_has_the_same_rate(dot: Dot, both: tuple[PhotonEvents, PhotonEvents]) -> None:
    n = len(dot.transitions)
    assert n > 100
    (fast, fast_error), (plain, plain_error) = (
        scattered(events, np.append(events.transition + n * events.detector.astype(np.int64), 2 * n - 1)[:-1])
        for events in both
    )
    size = min(fast.size, plain.size)
    error = np.hypot(fast_error[:size], plain_error[:size])
    bright = fast[:size] + plain[:size] > 0.5
    deviation = (fast[:size] - plain[:size])[bright] / error[bright]
    assert bright.sum() > 30
    assert np.abs(deviation).max() < 4.5
    assert np.mean(deviation**2) == pytest.approx(1.0, abs=0.6)


def test_waits_between_detections_have_the_same_law(both: tuple[PhotonEvents, PhotonEvents]) -> None:
    fast, plain = (np.diff(events.time_ps)[::5] for events in both)
    assert stats.ks_2samp(fast, plain).pvalue > LOWEST_P


def test_times_after_the_pulse_have_the_same_law(both: tuple[PhotonEvents, PhotonEvents]) -> None:
    fast, plain = ((events.time_ps % round(1e3 * PERIOD_NS))[::3] for events in both)
    assert stats.ks_2samp(fast, plain).pvalue > LOWEST_P


@pytest.mark.parametrize(("first", "second"), [(0, 0), (0, 1), (1, 0)])
def test_pairs_of_polarised_photons_have_the_same_number_at_every_lag(
    both: tuple[PhotonEvents, PhotonEvents], first: int, second: int
) -> None:
    pairs = []
    for events in both:
        trains = [np.bincount(cycle_of(events)[events.detector == d], minlength=N_CYCLES) for d in (first, second)]
        mean = trains[0].mean() * trains[1].mean() * N_CYCLES
        pairs.append(np.array([trains[0][:-lag] @ trains[1][lag:] for lag in (1, 2, 4, 8, 16, 64)]) / mean)
    n_pairs = mean * np.array(pairs)
    assert n_pairs.min() > 300
    error = np.sqrt((np.array(pairs) ** 2 / n_pairs).sum(axis=0))
    assert np.all(np.abs(pairs[0] - pairs[1]) < 4.5 * error + 0.01)
