"""The dot on the table: which photons are streamed, blinking and spectral jumps on cameras and detectors."""

from typing import Any

import numpy as np
import pytest

from sims.bench.config import CollectionPath, SpadTruth, TableConfig
from sims.bench.dot_light import STREAM_PHOTONS, exposed_rates, is_resonant, is_streamed
from sims.bench.fluctuations import Fluctuations, grouped
from sims.bench.illumination import TableError
from sims.dot.sample import Blinking, load_sample
from sims.dot.sample_parts import PowerLaw, SpectralDiffusion

STEADY = Blinking()
JUMPS = SpectralDiffusion(jump_mev=0.5, mean_time_s=0.05)
SILENT = SpadTruth(dark_counts_hz=0.0, afterpulse_probability=0.0, dead_time_ns=0.0)
QUIET = TableConfig(collection=CollectionPath(laser_scatter=0.0), spad_1=SILENT, spad_2=SILENT)


def fluctuations(seed: int = 1, **changes: Any) -> Fluctuations:
    return Fluctuations(load_sample("mn-cdse-cds").model_copy(update=changes), np.random.default_rng(seed))


def pumped(lab: Any, **changes: Any) -> Any:
    """The narrow laser on the highest line half of the time, between resets by the pulsed laser."""
    bench = lab(config=QUIET, blinking=STEADY, **changes)
    bench.trigger(320)
    bench.gate("CD", 0.0, 1.2e-6)
    bench.gate("AB", 1.4e-6, 2.0e-6)
    bench.opo_on()
    bench.cwave_on(bench.top_line_nm())
    bench.open_beam()
    bench.rotate("0", 45.0)
    bench.spectrograph("side", 614.0)
    return bench


# --- the rule -----------------------------------------------------------------------------------------------------


def test_trains_with_many_photons_are_streamed_and_sequences_are_not(lab: Any) -> None:
    train, sequence = lab().pulsed().table.look().response, pumped(lab).table.look().response
    assert is_streamed(train, STREAM_PHOTONS)
    assert not is_streamed(train, STREAM_PHOTONS - 1)
    assert not is_streamed(sequence, 1e9)


def test_both_ways_of_drawing_give_the_same_rate(lab: Any) -> None:
    bench = lab(config=QUIET, blinking=STEADY).pulsed()
    look = bench.table.look()
    streamed = sum(map(len, bench.table.record(10.0, look, 0).values()))
    assert streamed > STREAM_PHOTONS
    short = [sum(map(len, bench.table.record(0.5, look, 10**12 * (20 + k)).values())) for k in range(20)]
    assert max(short) < STREAM_PHOTONS
    assert sum(short) == pytest.approx(streamed, abs=5 * (2 * streamed) ** 0.5)


def test_a_streamed_record_keeps_the_phase_of_the_pulses(lab: Any) -> None:
    bench = lab(config=QUIET, blinking=STEADY).pulsed()
    start_ps = 10**13 + 77_777
    times = bench.table.record(8.0, start_ps=start_ps)[1]
    phase_ns = ((times + start_ps) % 200_000) / 1000
    early, late = np.count_nonzero(phase_ns < 20), np.count_nonzero((phase_ns > 100) & (phase_ns < 120))
    assert early > 50 * max(late, 1)


def test_the_same_seed_gives_the_same_streamed_tags(lab: Any) -> None:
    one, two, other = (lab(seed=seed).pulsed().table.record(5.0)[1] for seed in (3, 3, 4))
    np.testing.assert_array_equal(one, two)
    assert not np.array_equal(one[:100], other[:100])


# --- blinking -----------------------------------------------------------------------------------------------------


def test_power_law_blinking_acts_on_the_detectors(lab: Any) -> None:
    law = PowerLaw(shortest_s=0.05, longest_on_s=2.0, longest_off_s=2.0)
    bench = lab(config=QUIET, blinking=Blinking(off_brightness=0.0, power_law=law)).pulsed()
    times = bench.table.record(20.0)[1]
    per_10ms = np.bincount(times // 10**10, minlength=2000)
    assert np.mean(per_10ms == 0) == pytest.approx(0.5, abs=0.3)
    assert np.var(per_10ms) > 5 * np.mean(per_10ms)


def test_camera_and_detectors_see_the_same_dark_spells(lab: Any) -> None:
    slow = Blinking(on_to_off_per_s=1.0, off_to_on_per_s=1.0, off_brightness=0.0)
    bench = lab(config=QUIET, blinking=slow).pulsed()
    look, begin_ps = bench.table.look(), bench.table.now_ps()
    times = np.concatenate(list(bench.table.record(12.0, look, begin_ps).values()))
    on_detectors = np.bincount(times // (3 * 10**11), minlength=40)[:40]
    bench.spectrograph("front", 607.0)
    look = bench.table.look()
    on_camera = np.array(
        [bench.table._fluctuations.exposure(begin_ps * 1e-12 + 0.3 * k, begin_ps * 1e-12 + 0.3 * (k + 1))[1].sum()
         for k in range(40)]
    )  # fmt: skip
    assert np.corrcoef(on_detectors, on_camera)[0, 1] > 0.95
    assert on_camera.std() > 0.2


# --- spectral jumps -----------------------------------------------------------------------------------------------


def test_jumps_widen_the_spectrum_of_an_exposure(lab: Any) -> None:
    def width(**changes: Any) -> float:
        bench = lab(config=QUIET, blinking=STEADY, **changes).pulsed()
        bench.spectrograph("front", 605.0)
        expected = bench.table.expected_electrons(bench.table.look(), 20.0)
        edges = bench.table.wavelength_edges_nm(bench.table.look())
        return float((expected / np.diff(edges)).max() / expected.sum())

    assert width(spectral_diffusion=JUMPS) < 0.7 * width()


def test_a_short_exposure_sees_the_lines_displaced(lab: Any) -> None:
    bench = lab(
        config=QUIET, blinking=STEADY, spectral_diffusion=SpectralDiffusion(jump_mev=2.0, mean_time_s=1.0)
    ).pulsed()
    bench.spectrograph("front", 605.0)
    peaks = []
    for _ in range(12):
        peaks.append(int(np.argmax(bench.table.expected_electrons(bench.table.look(), 0.01))))
        bench.clock.advance(5.0)
    assert len(set(peaks)) > 6
    assert np.ptp(peaks) > 20


def test_jumps_out_of_a_narrow_slit_modulate_the_counts(lab: Any) -> None:
    jumps = SpectralDiffusion(jump_mev=8.0, mean_time_s=0.2)
    means = []
    for changes in ({}, {"spectral_diffusion": jumps}):
        bench = lab(config=QUIET, blinking=STEADY, **changes).pulsed()
        bench.models.spectrapro.set_side_slit(300)
        bench.spectrograph("side", bench.top_line_nm())
        times = np.concatenate(list(bench.table.record(30.0).values()))
        counts = np.bincount(times // 10**11, minlength=300)
        means.append((counts.mean(), counts.var() / counts.mean()))
    (steady, steady_noise), (jumping, jumping_noise) = means
    assert jumping < 0.9 * steady
    assert steady_noise < 2.0
    assert jumping_noise > 5.0


def test_a_resonant_laser_loses_the_line_that_jumps(lab: Any) -> None:
    """Fluorescence and pumping are resonant: with the line elsewhere most of the time there is less of it."""
    share = []
    for changes in ({}, {"spectral_diffusion": JUMPS}):
        bench = pumped(lab, **changes)
        begin_ps = bench.table.now_ps()
        times = np.concatenate(list(bench.table.record(4.0).values()))
        phase_ns = ((times + begin_ps) % 4_000_000) / 1000
        share.append(np.count_nonzero((phase_ns > 1400) & (phase_ns < 3400)) / np.count_nonzero(phase_ns < 1250))
    assert share[1] < 0.75 * share[0]


def test_resonant_rates_follow_the_line(lab: Any) -> None:
    response = pumped(lab).table.look().response
    assert is_resonant(response)
    here, there = exposed_rates(response, 0.0).sum(), exposed_rates(response, 30.0).sum()
    assert there != pytest.approx(here, rel=1e-3)


def test_too_many_jumps_in_a_record_are_refused(lab: Any) -> None:
    bench = lab(config=QUIET, spectral_diffusion=SpectralDiffusion(jump_mev=0.1, mean_time_s=1e-6)).pulsed()
    with pytest.raises(TableError, match="mean_time_s"):
        bench.table.record(20.0)


# --- the realisation ----------------------------------------------------------------------------------------------


def test_exposure_shares_add_up_to_the_brightness() -> None:
    moods = fluctuations(
        blinking=Blinking(on_to_off_per_s=3.0, off_to_on_per_s=3.0, off_brightness=0.1), spectral_diffusion=JUMPS
    )
    shifts, shares = moods.exposure(2.0, 6.0)
    assert shifts.size > 40
    time_s = np.linspace(2.0, 6.0, 40_001)[:-1]
    assert shares.sum() == pytest.approx(moods.brightness(time_s).mean(), abs=2e-3)
    assert shifts @ shares == pytest.approx((moods.shift_mev(time_s) * moods.brightness(time_s)).mean(), abs=2e-3)


def test_a_steady_dot_has_no_moods() -> None:
    moods = fluctuations(blinking=STEADY)
    assert np.all(moods.brightness(np.linspace(0, 1e6, 5)) == 1.0)
    assert np.all(moods.shift_mev(np.linspace(0, 1e6, 5)) == 0.0)
    assert moods.exposure(1.0, 2.0)[1].tolist() == [1.0]


def test_a_long_pause_is_not_drawn_through() -> None:
    fast = Blinking(on_to_off_per_s=1e5, off_to_on_per_s=1e5, off_brightness=0.0)
    moods = fluctuations(blinking=fast)
    on = [moods.brightness(np.linspace(t, t + 0.1, 1000)).mean() for t in (0.0, 1e6, 5e8)]
    assert on == pytest.approx([0.5, 0.5, 0.5], abs=0.1)


def test_groups_keep_the_weight_and_the_mean() -> None:
    rng = np.random.default_rng(1)
    value, weight = rng.normal(size=1000), rng.random(1000)
    middle, total, group = grouped(value, weight, 20)
    assert middle.size <= 20
    assert total.sum() == pytest.approx(weight.sum())
    assert middle @ total == pytest.approx(value @ weight)
    assert np.abs(middle[group] - value).max() < np.ptp(value) / 20
