"""The stream against the plain jump-by-jump walk: same law, at fixed seeds."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pytest
from scipy import stats

from sims.photons.events import PhotonEvents
from sims.photons.process import FloatArray, JumpProcess
from sims.photons.source import PhotonSource
from sims.photons.trajectory import plain_stream

LOWEST_P = 1e-3
DETECTION = np.array([[0.30, 0.05, 0.2, 0.10], [0.05, 0.25, 0.1, 0.15]])
N_CYCLES = {"pulsed": 400_000, "sequence": 80_000, "continuous": 80_000}


@dataclass(frozen=True)
class Pair:
    process: JumpProcess
    fast: PhotonEvents
    plain: PhotonEvents
    n_cycles: int

    def both(self) -> tuple[PhotonEvents, PhotonEvents]:
        return self.fast, self.plain


@pytest.fixture(scope="module", params=["pulsed", "sequence", "continuous"])
def pair(request: pytest.FixtureRequest) -> Pair:
    process: JumpProcess = request.getfixturevalue(request.param)
    n_cycles = N_CYCLES[request.param]
    source = PhotonSource(process, DETECTION)
    fast = source.stream(n_cycles * process.period_ns * 1e-9, np.random.default_rng(11))
    plain = plain_stream(process, DETECTION, source.begin, n_cycles, np.random.default_rng(12))
    return Pair(process, fast, plain, n_cycles)


def same_counts(a: npt.NDArray[np.int64], b: npt.NDArray[np.int64]) -> float:
    """p-value that two sets of independent counts have the same means."""
    used = a + b > 20
    chi2 = np.sum((a[used] - b[used]) ** 2 / (a[used] + b[used]))
    return float(stats.chi2.sf(chi2, used.sum()))


def cycle_of(events: PhotonEvents, process: JumpProcess) -> npt.NDArray[np.int64]:
    return np.asarray((events.time_ps / (1e3 * process.period_ns)).astype(np.int64))


def pairs_by_lag(events: PhotonEvents, process: JumpProcess, first: int, second: int, n_lags: int) -> FloatArray:
    """Pairs of transitions (first, second) by lag in cycles 0 ... n_lags - 1; lag 0 in either order."""
    cycle = cycle_of(events, process)
    n = int(cycle[-1]) + 1
    a = np.bincount(cycle[events.transition == first], minlength=n).astype(np.float64)
    b = np.bincount(cycle[events.transition == second], minlength=n).astype(np.float64)
    same = a @ b - (a.sum() if first == second else 0)
    return np.array([same, *(a[:-k] @ b[k:] for k in range(1, n_lags))])


def test_counts_by_detector_and_line_agree(pair: Pair) -> None:
    # Counts are bunched (not Poisson), so each run is cut in 100 pieces whose scatter gives the error.
    rates = []
    for events in pair.both():
        kind = events.detector * 4 + events.transition
        piece = (cycle_of(events, pair.process) * 100 // pair.n_cycles).clip(0, 99)
        rates.append(np.stack([np.bincount(piece[kind == k], minlength=100) for k in range(8)]))
    difference = rates[0].mean(axis=1) - rates[1].mean(axis=1)
    error = np.sqrt((rates[0].var(axis=1) + rates[1].var(axis=1)) / 100)
    assert np.all(np.abs(difference) < 4 * error)


def test_waiting_times_agree(pair: Pair) -> None:
    fast, plain = (np.diff(events.time_ps) for events in pair.both())
    # Every tenth: neighbouring waits are correlated through the spin.
    assert stats.ks_2samp(fast[::10], plain[::10]).pvalue > LOWEST_P


@pytest.mark.parametrize("line", range(4))
def test_times_in_the_cycle_agree(pair: Pair, line: int) -> None:
    period_ps = 1e3 * pair.process.period_ns
    bins = np.linspace(0, period_ps, 81)
    fast, plain = (
        np.histogram(events.time_ps[events.transition == line] % period_ps, bins)[0] for events in pair.both()
    )
    scale = fast.sum() / plain.sum()  # the slow spin makes totals scatter more than Poisson; shapes are compared
    assert same_counts(fast, np.rint(plain * scale).astype(np.int64)) > LOWEST_P


@pytest.mark.parametrize(("first", "second"), [(0, 0), (0, 1), (1, 0), (2, 0), (3, 1), (3, 0)])
def test_correlations_by_cycle_lag_agree_with_each_other_and_with_regression(
    pair: Pair, first: int, second: int
) -> None:
    from sims.photons.correlation import expected_cycle_correlation

    n_lags, total = 6, DETECTION.sum(axis=0)
    weights = np.diag(total)
    begin = PhotonSource(pair.process, DETECTION).begin
    expected = expected_cycle_correlation(pair.process, begin, weights[first], weights[second], n_lags)
    for events in pair.both():
        counts = np.bincount(events.transition, minlength=4) / pair.n_cycles
        pairs = pairs_by_lag(events, pair.process, first, second, n_lags)
        norm = counts[first] * counts[second] * pair.n_cycles
        error = 5 * np.sqrt(pairs + 4) / norm + 0.03 * expected  # 3 %: the slow spin's share of time in the run
        assert np.all(np.abs(pairs / norm - expected) < error)


def test_expected_rates_agree(pair: Pair) -> None:
    expected = PhotonSource(pair.process, DETECTION).expected_rates_hz() * pair.n_cycles * pair.process.period_ns * 1e-9
    for events in pair.both():
        assert np.bincount(events.detector, minlength=2) == pytest.approx(expected, rel=0.03)
