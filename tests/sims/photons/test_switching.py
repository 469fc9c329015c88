"""Blinking and spectral jumps: dwell times, stationarity, thinning."""

import numpy as np
import pytest
from scipy import integrate, stats

from sims.dot.blinking import OnOff, SwitchRecord, telegraph
from sims.dot.dwell import PowerLaw
from sims.photons.events import PhotonEvents, joined
from sims.photons.surroundings import ShiftedDetection, ShiftRecord, SpectralJumps, Surroundings


def regular(duration_s: float, n: int) -> PhotonEvents:
    time_ps = np.linspace(0, duration_s * 1e12, n, endpoint=False).astype(np.int64)
    return PhotonEvents(time_ps, np.zeros(n, np.uint8), np.zeros(n, np.uint16))


def dwell_times(on: np.ndarray, step_s: float) -> list[float]:
    borders = np.flatnonzero(np.diff(on.astype(np.int8)))
    return (np.diff(borders) * step_s).tolist()


def test_telegraph_dwell_times_are_exponential() -> None:
    record = SwitchRecord(telegraph(5.0, 20.0), np.random.default_rng(1))
    time_s = np.arange(0, 400, 1e-3)
    on = record.is_on(time_s)
    assert on.mean() == pytest.approx(0.8, abs=0.03)
    switch = np.flatnonzero(np.diff(on.astype(np.int8)))
    lengths = np.diff(switch) * 1e-3
    on_lengths = lengths[on[switch[:-1] + 1]]
    assert stats.kstest(on_lengths, stats.expon(0, 0.2).cdf).pvalue > 1e-3


def test_pieces_see_the_same_switches() -> None:
    time_s = np.sort(np.random.default_rng(0).uniform(0, 100, 5000))
    whole = SwitchRecord(telegraph(3.0, 4.0), np.random.default_rng(1)).is_on(time_s)
    record = SwitchRecord(telegraph(3.0, 4.0), np.random.default_rng(1))
    pieces = [record.is_on(piece) for piece in np.array_split(time_s, 37)]
    assert np.array_equal(np.concatenate(pieces), whole)


def test_power_law_times() -> None:
    law = PowerLaw(1.5, 1e-3, 2.0)
    times = law.draw_s(40_000, np.random.default_rng(2))
    grid = np.geomspace(1e-3, 60, 20_001)
    density = grid**-1.5 * np.exp(-grid / 2.0)
    cdf = integrate.cumulative_trapezoid(density, grid, initial=0)
    assert stats.kstest(times, lambda t: np.interp(t, grid, cdf / cdf[-1])).pvalue > 1e-3
    assert law.mean_s == pytest.approx(np.trapezoid(grid * density, grid) / cdf[-1], rel=1e-4)
    assert times.mean() == pytest.approx(law.mean_s, rel=0.1)  # the standard error is 2.5 %


def test_power_law_blinking_is_stationary() -> None:
    blinking = OnOff(PowerLaw(1.5, 1e-2, 1.0), PowerLaw(1.4, 1e-2, 0.5))
    asked_s = np.array([0.0, 0.3, 2.0])
    rng = np.random.default_rng(3)
    on = np.mean([SwitchRecord(blinking, rng).is_on(asked_s) for _ in range(4000)], axis=0)
    assert on == pytest.approx(np.full(3, blinking.on_fraction), abs=0.035)


def test_a_dot_that_never_blinks() -> None:
    assert SwitchRecord(telegraph(0.0, 1.0), np.random.default_rng(0)).is_on(np.array([0.0, 1e6])).all()


def test_off_photons_are_kept_with_the_off_brightness() -> None:
    surroundings = Surroundings(blinking=telegraph(50.0, 50.0, 0.25))
    kept = joined(surroundings.act_on([regular(200.0, 200_000)], np.random.default_rng(4)))
    assert len(kept) / 200_000 == pytest.approx(0.5 + 0.5 * 0.25, abs=0.02)


def test_shifts_have_the_asked_width_and_correlation_time() -> None:
    record = ShiftRecord(SpectralJumps(10.0, 0.5), np.random.default_rng(5))
    shift = record.shift_mev(np.arange(0, 3000, 0.05))
    assert shift.std() == pytest.approx(0.5, rel=0.03)
    assert np.mean(shift[1:] * shift[:-1]) / 0.25 == pytest.approx(np.exp(-0.5), abs=0.03)


def test_spectral_jumps_behind_a_filter() -> None:
    grid = np.linspace(-4, 4, 161)
    filtered = ShiftedDetection(grid, np.exp(-(grid**2))[:, None, None] * np.full((1, 1, 1), 0.2))
    surroundings = Surroundings(jumps=SpectralJumps(100.0, 1.0), shifted=filtered)
    kept = joined(surroundings.act_on([regular(300.0, 150_000)], np.random.default_rng(6)))
    # Mean of exp(-x^2) over a normal law of width 1 is 1/sqrt(3).
    assert filtered.highest[0, 0] == pytest.approx(0.2)
    assert len(kept) / 150_000 == pytest.approx(1 / np.sqrt(3), abs=0.02)


def test_the_result_does_not_depend_on_the_pieces() -> None:
    photons = regular(50.0, 20_000)
    surroundings = Surroundings(blinking=telegraph(5.0, 5.0), bleaching_s=40.0)
    whole = joined(surroundings.act_on([photons], np.random.default_rng(7)))
    parts = [photons.only(np.arange(20_000) // 999 == k) for k in range(21)]
    assert np.array_equal(joined(surroundings.act_on(parts, np.random.default_rng(7))).time_ps, whole.time_ps)


def test_bleaching_ends_the_light() -> None:
    ends = [
        joined(Surroundings(bleaching_s=2.0).act_on([regular(30.0, 3000)], np.random.default_rng(seed))).time_ps[-1]
        for seed in range(400)
    ]
    assert np.mean(ends) * 1e-12 == pytest.approx(2.0, rel=0.15)


@pytest.mark.parametrize("make", [
    lambda: telegraph(-1.0, 1.0), lambda: telegraph(1.0, 0.0), lambda: telegraph(1.0, 1.0, 1.5),
    lambda: PowerLaw(2.5, 1e-3, 1.0), lambda: PowerLaw(1.5, 1.0, 2.0), lambda: PowerLaw(1.5, 1e-3, np.nan),
    lambda: SpectralJumps(0.0, 1.0), lambda: SpectralJumps(1.0, np.inf), lambda: Surroundings(bleaching_s=-1.0),
    lambda: Surroundings(jumps=SpectralJumps(1.0, 1.0)),
])  # fmt: skip
def test_unphysical_values_are_refused(make) -> None:
    with pytest.raises(ValueError, match=r"must|need|never left"):
        make()
