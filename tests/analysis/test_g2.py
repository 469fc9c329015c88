"""The g2 analysis against a little photon source whose truth is known, and against a real measurement."""

import math
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from analysis.errors import AnalysisError
from analysis.g2 import analyse, analyse_photons, bin_width_ps, figure
from analysis.tag_files import read
from analysis.tags import PhotonRecord
from runfile.reader import RunFile
from runfile.records import Parameter
from runfile.results import Analysis
from runfile.writer import RunWriter

PERIOD_PS = 200_000.0
DIVIDER = 1000


def emitter(
    rng: np.random.Generator,
    *,
    n_pulses: int,
    per_pulse: float = 0.02,
    g2: float = 0.1,
    lifetime_ns: float = 15.0,
    dark_hz: float = 250.0,
    cable_ns: float = 3.7,
    start_ps: int = 0,
    phase_ps: float = 5000.0,
) -> tuple[np.ndarray, np.ndarray]:
    """Tags of two detectors (1, 2) and every 1000th pulse (4): pairs per pulse follow from g2, the rest is Poisson."""
    singles = rng.integers(0, n_pulses, rng.poisson(n_pulses * per_pulse))
    pairs = rng.integers(0, n_pulses, rng.poisson(n_pulses * g2 * per_pulse**2 / 2))
    pulse = np.concatenate([np.unique(singles), pairs, pairs])
    time = (
        pulse * PERIOD_PS + phase_ps + rng.exponential(lifetime_ns * 1e3, pulse.size) + rng.normal(0, 150, pulse.size)
    )
    detector = rng.integers(1, 3, pulse.size)
    n_dark = rng.poisson(2 * dark_hz * n_pulses * PERIOD_PS * 1e-12)
    time = np.concatenate([time, rng.uniform(0, n_pulses * PERIOD_PS, n_dark)])
    detector = np.concatenate([detector, rng.integers(1, 3, n_dark)])
    time = time + np.where(detector == 2, cable_ns * 1e3, 0.0)
    trigger = np.arange(0, n_pulses, DIVIDER) * PERIOD_PS
    stamps = start_ps + np.rint(np.concatenate([time, trigger])).astype(np.int64)
    channel = np.concatenate([detector, np.full(trigger.size, 4)]).astype(np.uint8)
    order = np.argsort(stamps, kind="stable")
    return stamps[order], channel[order]


def g2_run(path: Path, batches: list[tuple[np.ndarray, np.ndarray]], duration_s: float, **channels: int) -> Path:
    header: Mapping[str, object] = {}
    writer = RunWriter.create(
        path,
        procedure="g2",
        title="test",
        parameters={"duration": Parameter(duration_s, "s")},
        station="",
        snapshot=header,
        sample_sheet="",
        sample={"name": "test"},
        conditions={"temperature_k": 4.0},
        versions={"solotron": "test"},
        seed=1,
    )
    with writer:
        for stamps, channel in batches:
            writer.append_tags(stamps, channel)
        names = channels or {"detector_1": 1, "detector_2": 2, "divided_trigger": 4}
        writer.set_tag_metadata(duration_s=duration_s, channels=names)
        writer.note("pulses", {"period_ns": PERIOD_PS / 1e3, "trigger_divider": DIVIDER})
        writer.finish("completed", duration_s)
    return path


def analysed(path: Path, seed: int, n_pulses: int = 5_000_000, **truth: float) -> Analysis:
    rng = np.random.default_rng(seed)
    tags = emitter(rng, n_pulses=n_pulses, **truth)  # type: ignore[arg-type]
    with RunFile(g2_run(path / f"{seed}.h5", [tags], n_pulses * PERIOD_PS * 1e-12)) as run:
        return analyse(run)


def test_single_emitter_passes_and_tells_what_it_found(tmp_path: Path) -> None:
    analysis = analysed(tmp_path, 1)
    assert analysis.verdict.passed, analysis.verdict.reason
    results = analysis.results
    assert results["g2_zero"].unit == "1"
    assert results["g2_zero"].confidence == 0.68
    low, high = results["g2_zero"].interval or (math.nan, math.nan)
    assert low < 0.1 < high or abs(results["g2_zero"].value - 0.1) < 3 * results["g2_zero"].stderr
    assert results["lifetime"].value == pytest.approx(15.0, abs=4 * results["lifetime"].stderr)
    assert results["cable_delay"].value == pytest.approx(3.7, abs=4 * results["cable_delay"].stderr)
    assert results["count_rate_1"].value == pytest.approx(50_000, rel=0.02)


def test_stated_intervals_hold_the_truth_in_two_thirds_of_the_runs(tmp_path: Path) -> None:
    hits = {"g2_zero": 0, "lifetime": 0, "cable_delay": 0}
    truth = {"g2_zero": 0.08, "lifetime": 15.0, "cable_delay": 3.7}
    n_runs = 24
    for seed in range(n_runs):
        results = analysed(tmp_path, seed, g2=0.08, dark_hz=500.0).results
        for name, value in truth.items():
            interval = results[name].interval or (
                results[name].value - results[name].stderr,
                results[name].value + results[name].stderr,
            )
            hits[name] += interval[0] <= value <= interval[1]
    # 68 % of 24 is 16.3 with a spread of 2.3
    assert all(10 <= count <= 23 for count in hits.values()), hits


def test_dark_counts_do_not_lift_g2(tmp_path: Path) -> None:
    results = analysed(tmp_path, 5, n_pulses=10_000_000, g2=0.02, dark_hz=5000.0).results
    assert abs(results["g2_zero"].value - 0.02) < 3 * results["g2_zero"].stderr
    assert results["g2_zero_uncorrected"].value - 0.02 > 3 * results["g2_zero"].stderr
    assert "accidental pairs" in results["g2_zero"].method


def test_afterpulses_do_not_lengthen_the_decay(tmp_path: Path) -> None:
    rng = np.random.default_rng(12)
    stamps, channel = emitter(rng, n_pulses=10_000_000)
    again = (rng.random(stamps.size) < 0.02) & (channel != 4)
    stamps = np.concatenate([stamps, stamps[again] + 24_000 + rng.exponential(30_000, again.sum()).astype(np.int64)])
    channel = np.concatenate([channel, channel[again]])
    with RunFile(g2_run(tmp_path / "run.h5", [(stamps, channel)], 2.0)) as run:
        lifetime = analyse(run).results["lifetime"]
    assert lifetime.value == pytest.approx(15.0, abs=3 * lifetime.stderr)
    assert lifetime.stderr < 0.15


def test_leaky_emitter_fails_with_the_reason(tmp_path: Path) -> None:
    analysis = analysed(tmp_path, 2, g2=0.8)
    assert not analysis.verdict.passed
    assert "above 1/2" in analysis.verdict.reason


def test_too_few_photons_fail_with_the_reason(tmp_path: Path) -> None:
    analysis = analysed(tmp_path, 3, n_pulses=20_000)
    assert not analysis.verdict.passed
    assert "coincidences" in analysis.verdict.reason or "pairs" in analysis.verdict.reason


def test_phase_jumps_between_batches_do_not_matter(tmp_path: Path) -> None:
    rng = np.random.default_rng(7)
    batches = [emitter(rng, n_pulses=2_000_000, start_ps=int(k * 3e12 + k * 77_777), g2=0.05) for k in range(3)]
    with RunFile(g2_run(tmp_path / "batches.h5", batches, 1.2)) as run:
        results = analyse(run).results
    assert results["lifetime"].value == pytest.approx(15.0, abs=4 * results["lifetime"].stderr)
    assert abs(results["g2_zero"].value - 0.05) < 3 * results["g2_zero"].stderr


def test_pulse_near_the_trigger_is_not_torn_apart(tmp_path: Path) -> None:
    results = analysed(tmp_path, 8, phase_ps=-100.0, g2=0.05).results
    assert abs(results["g2_zero"].value - 0.05) < 3 * results["g2_zero"].stderr
    assert results["cable_delay"].value == pytest.approx(3.7, abs=4 * results["cable_delay"].stderr)


def test_detector_cable_of_several_periods_is_found(tmp_path: Path) -> None:
    results = analysed(tmp_path, 9, cable_ns=603.7, g2=0.05).results
    assert results["cable_delay"].value == pytest.approx(603.7, abs=4 * results["cable_delay"].stderr)
    assert "+3" in results["centre_counts"].method


def test_without_trigger_the_period_is_fitted_and_that_is_said(tmp_path: Path) -> None:
    rng = np.random.default_rng(11)
    tags = emitter(rng, n_pulses=5_000_000, g2=0.05)
    path = g2_run(tmp_path / "run.h5", [tags], 1.0, detector_1=1, detector_2=2)
    with RunFile(path) as run:
        analysis = analyse(run)
    assert any("no trigger" in warning for warning in analysis.warnings)
    assert abs(analysis.results["g2_zero"].value - 0.05) < 3 * analysis.results["g2_zero"].stderr


def test_missing_detector_is_named(tmp_path: Path) -> None:
    tags = emitter(np.random.default_rng(0), n_pulses=100_000)
    path = g2_run(tmp_path / "run.h5", [tags], 0.02, detector_1=1, divided_trigger=4)
    with RunFile(path) as run, pytest.raises(AnalysisError, match="detector_2"):
        analyse(run)


def test_foreign_tags_without_a_pulse_period_are_refused() -> None:
    stamps, channel = emitter(np.random.default_rng(0), n_pulses=100_000)
    keep = channel != 4
    with pytest.raises(AnalysisError, match="pulse period"):
        analyse_photons(PhotonRecord(stamps[keep], channel[keep], 0.02))


def test_real_measurement_agrees_with_independent_analyses(real_data: Path) -> None:
    analysis = analyse_photons(read(real_data / "hbt_t3_80MHz.ptu"))
    results = analysis.results
    assert analysis.verdict.passed, analysis.verdict.reason
    assert results["centre_counts"].value == 1
    assert "+2" in results["centre_counts"].method
    assert results["g2_zero"].value == pytest.approx(0.0026, abs=0.0002)
    assert (results["g2_zero_95"].interval or (0, 0))[1] == pytest.approx(0.0146, abs=0.0005)
    assert results["g2_zero_poisson"].value == pytest.approx(0.0106, abs=0.0001)
    assert results["long_delay_counts"].value == pytest.approx(94.9, abs=0.7)
    assert 0.127 < results["lifetime"].value < 0.141
    assert results["cable_delay"].value == pytest.approx(2 * 12.4955, abs=1.5)
    assert any("blinking" in warning for warning in analysis.warnings)


def test_file_whose_metadata_lie_is_not_believed(real_data: Path) -> None:
    analysis = analyse_photons(read(real_data / "hbt_t3_320MHz_bad_metadata.ptu"))
    assert any("1.2 s" in warning and "45.5 ms" in warning for warning in analysis.warnings)
    assert not analysis.verdict.passed
    assert math.isnan(analysis.results["lifetime"].value)


def test_figure_has_units_on_every_axis(tmp_path: Path) -> None:
    tags = emitter(np.random.default_rng(4), n_pulses=1_000_000)
    with RunFile(g2_run(tmp_path / "run.h5", [tags], 0.2)) as run:
        drawn = figure(run)
    labels = [axes.get_xlabel() for axes in drawn.axes if axes.get_xlabel()]
    assert all("(ns)" in label or "(µs)" in label for label in labels)
    drawn.savefig(tmp_path / "g2.png")
    assert (tmp_path / "g2.png").stat().st_size > 20_000


def lasting_emitter(rng: np.random.Generator, n_pulses: int, lifetime_ns: float, pulse_share: float) -> np.ndarray:
    """Emission times (ps) of one two-level emitter: a pulse that finds it excited changes nothing."""
    n = int(1.1 * n_pulses * pulse_share)
    delay = rng.exponential(lifetime_ns * 1e3, n)
    steps = np.floor(delay / PERIOD_PS).astype(np.int64) + rng.geometric(pulse_share, n)
    pulse = np.concatenate([[0], np.cumsum(steps)[:-1]])
    times = pulse * PERIOD_PS + 5000.0 + delay
    return times[times < n_pulses * PERIOD_PS]


def test_light_after_the_next_pulse_does_not_falsify_g2(tmp_path: Path) -> None:
    rng = np.random.default_rng(21)
    n_pulses = 6_000_000
    emitters = [lasting_emitter(rng, n_pulses, 60.0, 0.3) for _ in range(2)]
    photons = np.concatenate(emitters)
    photons = photons[rng.random(photons.size) < 0.2]
    trigger = np.arange(0, n_pulses, DIVIDER) * PERIOD_PS
    stamps = np.rint(np.concatenate([photons, trigger])).astype(np.int64)
    channel = np.concatenate([rng.integers(1, 3, photons.size), np.full(trigger.size, 4)]).astype(np.uint8)
    order = np.argsort(stamps, kind="stable")
    tags = (stamps[order], channel[order])
    with RunFile(g2_run(tmp_path / "run.h5", [tags], n_pulses * PERIOD_PS * 1e-12)) as run:
        found = analyse(run).results["g2_zero"]
    assert found.value == pytest.approx(0.5, abs=4 * found.stderr)
    assert found.stderr < 0.01  # sharp enough to see the 7 % of the pairs of neighbouring pulses


def dark_record(n_tags: int, seed: int, step_ps: int) -> PhotonRecord:
    rng = np.random.default_rng(seed)
    times = np.sort(rng.integers(0, 60 * 10**12, n_tags))
    period = int(PERIOD_PS)
    times = times // period * period + times % period // step_ps * step_ps
    channel = rng.integers(1, 3, n_tags).astype(np.uint8)
    return PhotonRecord(
        times, channel, 60.0, sync_period_ps=PERIOD_PS, nanotimes_ps=times % period, sync_index=times // period
    )


@pytest.mark.parametrize("step_ps", [1, 64, 512])
@pytest.mark.parametrize("n_tags", [20_000, 300_000])
def test_dark_counts_have_no_lifetime(n_tags: int, step_ps: int) -> None:
    found = analyse_photons(dark_record(n_tags, 2, step_ps))
    assert math.isnan(found.results["lifetime"].value)
    assert math.isnan(found.results["cable_delay"].value)
    assert not next(check for check in found.verdict.checks if check.name == "lifetime fit").passed


def test_bins_stay_wide_enough_for_the_fit_to_be_quick() -> None:
    counts = np.zeros(500, dtype=np.int64)
    counts[3] = 5000  # everything within one of 500 bins
    assert bin_width_ps(counts, 1e6, 0.0, 0.0) >= 1e6 / 16384
    assert bin_width_ps(counts, 1e6, 64.0, 300.0) % 64.0 == 0.0


def test_cable_delay_is_not_stated_where_no_dip_tells_the_whole_periods(tmp_path: Path) -> None:
    found = analysed(tmp_path, 21, g2=1.0, cable_ns=250.0)
    delay = found.results["cable_delay"]
    assert math.isnan(delay.value)
    assert "up to whole periods of 200 ns it is 50" in delay.method
