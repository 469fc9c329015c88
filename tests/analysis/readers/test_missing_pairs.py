"""Detectors that share one time converter: g2(0) is too low, which is told and never passed."""

from pathlib import Path

import numpy as np
import photon_files as make
import pytest

from analysis import g2, g2_cw_analysis, g2_stream, pulsed, tag_files
from analysis.photon_hdf5_export import ExportDetails, export_photon_hdf5
from analysis.pulsed_stream import survey
from analysis.tags import IntArray, PhotonRecord, RecordStream
from runfile.results import Analysis, Check

PERIOD_PS, STEP_PS, DEAD_PS = 65_000, 16, 95_000
PICOHARP_T3, HYDRAHARP_T3 = 0x00010303, 0x01010304


def laser_light(n_pulses: int = 900_000) -> tuple[IntArray, IntArray, IntArray]:
    """Pulse, step after it and detector (1, 2) of light without memory: g2(0) is 1."""
    rng = np.random.default_rng(1)
    pulse = np.sort(rng.integers(0, n_pulses, n_pulses // 12))
    step = (5000.0 + rng.exponential(3000.0, pulse.size)).astype(np.int64) // STEP_PS
    order = np.lexsort((step, pulse))
    return pulse[order], np.minimum(step[order], 4095), rng.integers(1, 3, pulse.size)


def routed(pulse: IntArray, step: IntArray) -> np.ndarray:
    """Which photons a converter records that is dead for 95 ns after each."""
    times = pulse * PERIOD_PS + step * STEP_PS
    kept, free_ps = np.zeros(times.size, bool), 0
    for k, time_ps in enumerate(times.tolist()):
        if time_ps >= free_ps:
            kept[k], free_ps = True, time_ps + DEAD_PS
    return kept


def records(pulse: IntArray, step: IntArray, detector: IntArray) -> list[int]:
    """T3 records of a PicoHarp 300 with a router."""
    found: list[int] = []
    overflows = 0
    for p, s, d in zip(pulse.tolist(), step.tolist(), detector.tolist(), strict=True):
        found += [make.PICOHARP_OVERFLOW] * ((p >> 16) - overflows)
        overflows = p >> 16
        found.append(make.picoharp_t3(d, s, p & 0xFFFF))
    return found


@pytest.fixture(scope="module")
def routed_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pulse, step, detector = laser_light()
    kept = routed(pulse, step)
    path = tmp_path_factory.mktemp("routed") / "routed.ptu"
    content = records(pulse[kept], step[kept], detector[kept])
    path.write_bytes(make.ptu(content, record_type=PICOHARP_T3, sync_period_s=PERIOD_PS * 1e-12))
    return path


def antibunched(found: Analysis) -> Check:
    return next(check for check in found.verdict.checks if check.name == "antibunched")


def test_light_without_memory_at_a_router_is_not_called_antibunched(routed_file: Path) -> None:
    found = g2.analyse_photons(tag_files.read(routed_file))
    assert found.results["g2_zero"].value < 0.05  # the truth is 1
    assert not antibunched(found).passed
    assert "PicoHarp 300 with a router" in antibunched(found).detail
    assert any("pairs near zero delay are missing" in each and "T2 mode" in each for each in found.warnings)


def test_stream_says_the_same(routed_file: Path) -> None:
    stream = tag_files.open_stream(routed_file)
    found = g2.analysis_of(g2_stream.evaluate_stream(stream, survey(stream)))
    expected = g2.analyse_photons(tag_files.read(routed_file))
    assert found.verdict == expected.verdict
    assert found.warnings == expected.warnings


def test_it_is_still_told_after_export(routed_file: Path, tmp_path: Path) -> None:
    out = tmp_path / "routed.hdf5"
    export_photon_hdf5(tag_files.open_stream(routed_file), out, ExportDetails(description="test"))
    found = g2.analyse_photons(tag_files.read(out))
    assert not antibunched(found).passed
    assert any("pairs near zero delay are missing" in each for each in found.warnings)


def test_recorder_with_a_converter_each_is_believed(tmp_path: Path) -> None:
    pulse, step, detector = laser_light(60_000)
    content = [make.t3(d - 1, s, p % 1024) for p, s, d in zip(pulse, step, detector, strict=True)]
    path = tmp_path / "a.ptu"
    path.write_bytes(make.ptu(content, record_type=HYDRAHARP_T3, sync_period_s=PERIOD_PS * 1e-12))
    record = tag_files.read(path)
    assert record.missing_pairs == ""
    assert not any("converter" in each for each in record.warnings)


def test_one_detector_misses_no_pairs(tmp_path: Path) -> None:
    path = tmp_path / "a.ptu"
    path.write_bytes(make.ptu([make.picoharp_t3(1, 9, k) for k in range(50)], record_type=PICOHARP_T3))
    record = tag_files.read(path)
    assert record.missing_pairs == ""
    assert not any("converter" in each for each in record.warnings)


def test_picoharp_in_t2_mode_has_two_converters(tmp_path: Path) -> None:
    path = tmp_path / "a.pt2"
    path.write_bytes(make.picoharp([make.picoharp_t2(k % 2, 5000 * k) for k in range(50)], mode=2))
    assert tag_files.read(path).missing_pairs == ""


@pytest.mark.parametrize("n_detectors", [1, 2])
def test_router_before_an_spc_card(tmp_path: Path, n_detectors: int) -> None:
    path = tmp_path / "a.spc"
    path.write_bytes(make.spc([make.spc_record(40 * k, k % n_detectors, 100) for k in range(50)]))
    assert ("SPC card" in tag_files.read(path).missing_pairs) == (n_detectors > 1)


def test_steady_light_at_a_router_is_not_called_antibunched() -> None:
    rng = np.random.default_rng(2)
    times = np.cumsum(rng.exponential(20_000.0, (100_000, 2)).sum(axis=1)).astype(np.int64)
    channel = rng.integers(1, 3, times.size).astype(np.uint8)
    seen = PhotonRecord(times, channel, float(times[-1]) * 1e-12)
    assert antibunched(g2_cw_analysis.analyse_cw(seen)).passed
    at_router = PhotonRecord(times, channel, float(times[-1]) * 1e-12, missing_pairs="one converter")
    whole = g2_cw_analysis.analyse_cw(at_router)
    assert not antibunched(whole).passed
    assert whole.results["g2_zero"] == g2_cw_analysis.analyse_cw(seen).results["g2_zero"]
    stream = RecordStream(at_router, 7000)
    for _ in stream.iter_chunks():
        pass
    chunked = g2_cw_analysis.evaluate_cw_stream(stream, stream.summary().counts)
    assert chunked.missing_pairs == "one converter"


def test_missing_pairs_reach_the_pulses(routed_file: Path) -> None:
    record = tag_files.read(routed_file)
    assert pulsed.from_record(record).missing_pairs == record.missing_pairs != ""
