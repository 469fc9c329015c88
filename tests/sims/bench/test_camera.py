"""The camera as a driver sees it: raw counts with all that a real one adds."""

from typing import Any

import numpy as np
import pytest

from sims.bench.camera import SimulatedCamera
from sims.bench.config import CameraTruth, TableConfig


def dark_camera(lab: Any, **truth: Any) -> tuple[Any, SimulatedCamera]:
    bench = lab(config=TableConfig(camera=CameraTruth(**truth)))
    return bench, SimulatedCamera(bench.table)


def test_a_frame_has_the_shape_of_the_detector(lab: Any) -> None:
    _, camera = dark_camera(lab, n_pixels=1024)
    pixels, rows = camera.get_detector_size()
    assert (pixels, rows) == (1024, 1)
    assert camera.snap().shape == (rows, pixels)


def test_a_dark_frame_holds_bias_dark_current_and_read_noise(lab: Any) -> None:
    _, camera = dark_camera(lab, bias_counts=600.0, dark_electrons_per_s=20.0, read_noise_electrons=4.0)
    camera.set_exposure(10.0)
    frame = camera.snap()
    assert frame.mean() == pytest.approx(800.0, abs=5 * (216 / 1340) ** 0.5)
    assert frame.var() == pytest.approx(200 + 16, rel=0.2)
    assert frame.dtype == np.int64


def test_the_gain_converts_electrons_to_counts(lab: Any) -> None:
    _, camera = dark_camera(lab, electrons_per_count=2.0, bias_counts=100.0, dark_electrons_per_s=400.0)
    camera.set_exposure(1.0)
    assert camera.snap().mean() == pytest.approx(300.0, abs=3)


def test_an_exposure_takes_its_time_on_the_bench_clock(lab: Any) -> None:
    bench, camera = dark_camera(lab)
    assert camera.set_exposure(12.5) == 12.5
    before = bench.clock.now_s()
    camera.snap()
    assert bench.clock.now_s() - before == pytest.approx(12.5)


def test_bright_light_saturates(lab: Any) -> None:
    bench = lab(config=TableConfig(camera=CameraTruth(saturation_counts=5000))).pulsed()
    bench.gate("CD", 0.0, 0.1e-6)
    bench.spectrograph("front", 560.0)
    camera = SimulatedCamera(bench.table)
    camera.set_exposure(1.0)
    assert camera.snap().max() == 5000


def test_frames_differ_by_shot_noise(lab: Any) -> None:
    bench = lab().pulsed()
    bench.spectrograph("front", 607.0)
    camera = SimulatedCamera(bench.table)
    assert not np.array_equal(camera.snap(), camera.snap())


def test_a_disconnected_camera_refuses(lab: Any) -> None:
    _, camera = dark_camera(lab)
    camera.close()
    with pytest.raises(RuntimeError, match="open it first"):
        camera.snap()
    camera.open()
    assert camera.snap().size > 0


@pytest.mark.parametrize("exposure_s", [0.0, -1.0, 1e5, float("nan")])
def test_an_impossible_exposure_is_refused(lab: Any, exposure_s: float) -> None:
    _, camera = dark_camera(lab)
    with pytest.raises(ValueError, match="exposure"):
        camera.set_exposure(exposure_s)
