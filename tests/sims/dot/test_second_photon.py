"""The blocks against a plain walk over every bin."""

from collections.abc import Callable

import numpy as np
import pytest

from sims.basics.spins import FloatArray
from sims.dot import second_photon
from sims.dot.detections import Detections
from sims.dot.response import Dot
from sims.dot.second_photon import draw_second_photons
from sims.dot.stimulus import ContinuousLight, Cycle, PulsedLight, Segment


@pytest.fixture(scope="module")
def moments(
    default_dot: Dot, pulse_of: Callable[..., PulsedLight], line_energies: Callable[[Dot], list[float]]
) -> Detections:
    """Pulses, resonant light, dark: blocks with and without a map, on two detectors with different filters."""
    light = ContinuousLight(line_energies(default_dot)[-1], 1e-6, 1e-7, (0.0, 0.0, 1.0))
    pulses = tuple(pulse_of(default_dot, 0.5, 12.5 * k) for k in range(6))
    cycle = Cycle((Segment(75.0), Segment(50.0), Segment(60.0, (light,)), Segment(70.0)), pulses)
    kind = default_dot.transitions.kind
    return default_dot.respond(cycle).detections(np.stack([(kind == "exciton") * 0.1, (kind != "exciton") * 0.3]))


def walk(moments: Detections, channel: int, first_bin: int) -> FloatArray:
    """Probability of the second photon, (n_channels, N), bin by bin."""
    p = moments.propagation
    inside, arriving = moments.after_detection(np.array([first_bin]), moments.jumps[channel])
    result = np.zeros((moments.rate_rows.shape[0], p.n_bins))
    result[:, first_bin] = inside[0]
    carried = arriving[0]
    for b in range(first_bin + 1, p.n_bins):
        step = p.propagators[p.step[b]]
        carried = p.map_before[b] @ carried if b in p.map_before else carried
        result[:, b] = moments.rate_rows @ step.integral @ carried
        carried = step.whole @ carried
    return result


def test_marginals_are_those_of_the_walk(moments: Detections) -> None:
    n_channels, n_bins = moments.singles.shape
    first, second = np.zeros((n_channels, n_bins)), np.zeros((n_channels, n_bins))
    for channel in range(n_channels):
        for b in range(n_bins):
            density = walk(moments, channel, b)
            first[channel, b] = density.sum()
            second += density
    assert moments.second_of_pair == pytest.approx(second, rel=1e-9, abs=1e-15)
    # Both use Simpson's rule in the bin of the first photon, on functions that differ.
    assert moments.first_of_pair.sum() == pytest.approx(first.sum(), rel=1e-3)


@pytest.mark.parametrize("channel", [0, 1])
@pytest.mark.parametrize("where", [0.0, 0.1, 0.31, 0.5, 0.6])
def test_second_photon_follows_the_walk(moments: Detections, channel: int, where: float) -> None:
    """Chi-squared over bins of 20000 draws, mixed with other first photons so that rows enter and leave."""
    n = 20_000
    chosen = int(where * moments.propagation.n_bins)
    rng = np.random.default_rng(5)
    first_bin = np.concatenate([np.full(n, chosen), rng.integers(0, moments.propagation.n_bins - 40, n)])
    first_channel = np.concatenate([np.full(n, channel), rng.integers(0, 2, n)])
    shuffled = rng.permutation(2 * n)
    drawn_channel, drawn_bin = draw_second_photons(moments, first_channel[shuffled], first_bin[shuffled], rng)
    assert np.all(drawn_bin >= first_bin[shuffled])
    mine = shuffled < n
    density = walk(moments, channel, chosen)
    expected = n * density / density.sum()
    counts = np.zeros_like(expected)
    np.add.at(counts, (drawn_channel[mine], drawn_bin[mine]), 1)
    large = expected > 10
    chi2 = float(np.sum((counts[large] - expected[large]) ** 2 / expected[large]))
    assert chi2 == pytest.approx(large.sum(), abs=5 * np.sqrt(2 * large.sum()))
    assert counts[~large].sum() == pytest.approx(expected[~large].sum(), abs=5 * np.sqrt(expected[~large].sum() + 1))


def test_pairs_in_several_portions_follow_the_same_law(moments: Detections, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(second_photon, "PAIRS_AT_ONCE", 700)
    n = 5000
    density = walk(moments, 0, 3)
    zeros = np.zeros(n, dtype=np.int64)
    channel, b = draw_second_photons(moments, zeros, zeros + 3, np.random.default_rng(2))
    expected = density.sum(axis=1)[1] / density.sum()
    assert np.mean(channel == 1) == pytest.approx(expected, abs=5 * np.sqrt(expected / n))
    mean = float(density.sum(axis=0) @ np.arange(density.shape[1]) / density.sum())
    assert b.mean() == pytest.approx(mean, abs=5 * b.std() / np.sqrt(n))
