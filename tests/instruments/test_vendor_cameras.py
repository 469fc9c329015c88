"""Andor and PICam cameras at the border of their libraries, and behind the camera role."""

import ctypes
from typing import Any

import pytest

from instruments import princeton_picam
from instruments.andor_sdk2 import AndorCamera
from instruments.errors import LimitError, NotReadyError, StationError, WireError
from instruments.princeton_picam import PicamCamera
from instruments.sdk_camera import CameraSdk, SdkCamera

N_PIXELS = 5
COUNTS = [600, 610, 700, 610, 600]


class FakeAndor:
    """SDK2's functions with its signatures."""

    def __init__(self) -> None:
        self.calls: list[tuple[Any, ...]] = []
        self.temperature_code = 20036
        self.waits = [20024, 20002]
        self.failing: dict[str, int] = {}

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or name == "Missing":
            raise AttributeError(name)

        def call(*arguments: Any) -> int:
            self.calls.append((name, *arguments))
            return self.failing.get(name, 20002)

        return call

    def GetDetector(self, width: Any, height: Any) -> int:
        width._obj.value, height._obj.value = N_PIXELS, 400
        return 20002

    def GetAcquisitionTimings(self, exposure: Any, accumulate: Any, kinetic: Any) -> int:
        exposure._obj.value = 0.5
        return 20002

    def GetTemperature(self, degrees: Any) -> int:
        degrees._obj.value = -70
        return self.temperature_code

    def WaitForAcquisitionTimeOut(self, timeout_ms: int) -> int:
        return self.waits.pop(0)

    def GetAcquiredData(self, counts: Any, size: Any) -> int:
        assert size.value == N_PIXELS
        counts[:] = COUNTS
        return 20002


def test_andor_reads_full_vertical_binning_behind_the_camera_role() -> None:
    library = FakeAndor()
    options = {"library": library}
    camera = SdkCamera("andor_role", sdk="instruments.andor_sdk2.AndorCamera", sdk_options=options, bias_counts=600.0)
    assert camera.n_pixels() == N_PIXELS
    assert camera.expose(0.5).tolist() == [0.0, 10.0, 100.0, 10.0, 0.0]
    assert ("SetReadMode", 0) in library.calls
    assert ("CoolerON",) in library.calls
    camera.close()
    assert library.calls[-1] == ("ShutDown",)


def test_andor_returns_the_exposure_the_camera_makes_of_it() -> None:
    assert AndorCamera(library=FakeAndor()).set_exposure(0.4999) == 0.5


def test_andor_waits_for_its_temperature() -> None:
    library = FakeAndor()
    library.temperature_code = 20037
    with pytest.raises(NotReadyError, match=r"-70 deg C \(not reached\)"):
        AndorCamera(library=library).snap()


def test_andor_error_code_names_the_function() -> None:
    library = FakeAndor()
    library.failing["StartAcquisition"] = 20072
    with pytest.raises(WireError, match="'StartAcquisition' returned 20072"):
        AndorCamera(library=library).snap()


class FakePicam:
    """PICam's functions with its signatures."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.roi: tuple[int, ...] = ()
        self.floats: dict[int, float] = {}
        self.failing: dict[str, int] = {}
        self.locked, self.errors, self.refused = 2, 0, 0
        self._frame = (ctypes.c_uint16 * N_PIXELS)(*COUNTS)

    def __getattr__(self, name: str) -> Any:
        if not name.startswith("Picam_"):
            raise AttributeError(name)

        def call(*arguments: Any) -> int:
            self.calls.append(name)
            return self.failing.get(name, 0)

        return call

    def Picam_GetParameterIntegerValue(self, camera: Any, number: int, value: Any) -> int:
        known = {
            princeton_picam.SENSOR_ACTIVE_WIDTH: N_PIXELS,
            princeton_picam.SENSOR_ACTIVE_HEIGHT: 100,
            princeton_picam.READOUT_STRIDE: 2 * N_PIXELS,
        }
        value._obj.value = known[number]
        return 0

    def Picam_SetParameterRoisValue(self, camera: Any, number: int, rois: Any) -> int:
        roi = rois._obj.roi_array[0]
        self.roi = (roi.x, roi.width, roi.x_binning, roi.y, roi.height, roi.y_binning)
        return 0

    def Picam_SetParameterFloatingPointValue(self, camera: Any, number: int, value: Any) -> int:
        self.floats[number] = value.value
        return 0

    def Picam_CommitParameters(self, camera: Any, failed: Any, n_failed: Any) -> int:
        n_failed._obj.value = self.refused
        return 0

    def Picam_ReadParameterFloatingPointValue(self, camera: Any, number: int, value: Any) -> int:
        value._obj.value = -69.5
        return 0

    def Picam_ReadParameterIntegerValue(self, camera: Any, number: int, value: Any) -> int:
        value._obj.value = self.locked
        return 0

    def Picam_Acquire(self, camera: Any, n: Any, timeout_ms: int, data: Any, errors: Any) -> int:
        assert n.value == 1
        data._obj.initial_readout = ctypes.addressof(self._frame)
        data._obj.readout_count = 1
        errors._obj.value = self.errors
        return self.failing.get("Picam_Acquire", 0)


def test_picam_bins_the_full_height_behind_the_camera_role() -> None:
    library = FakePicam()
    camera = SdkCamera(
        "picam_role",
        sdk="instruments.princeton_picam.PicamCamera",
        sdk_options={"library": library},
        bias_counts=600.0,
    )
    assert camera.expose(2.0).tolist() == [0.0, 10.0, 100.0, 10.0, 0.0]
    assert library.roi == (0, N_PIXELS, 1, 0, 100, 100)
    assert library.floats[princeton_picam.EXPOSURE_TIME] == 2000.0
    assert library.floats[princeton_picam.SENSOR_TEMPERATURE_SET_POINT] == -70.0
    camera.close()
    assert library.calls[-2:] == ["Picam_CloseCamera", "Picam_UninitializeLibrary"]


def test_picam_parameter_numbers_are_those_of_the_header() -> None:
    assert princeton_picam.READOUT_STRIDE == 16842797
    assert princeton_picam.REGIONS == 67436581
    assert princeton_picam.SENSOR_TEMPERATURE_SET_POINT == 33685518


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"locked": 1}, "not locked"),
        ({"errors": 1}, "faulty"),
        ({"failing": {"Picam_Acquire": 32}}, "no frame within"),
    ],
)
def test_picam_is_not_ready(change: dict[str, Any], words: str) -> None:
    library = FakePicam()
    vars(library).update(change)
    with pytest.raises(NotReadyError, match=words):
        PicamCamera(library=library).snap()


def test_picam_refused_settings_are_told() -> None:
    library = FakePicam()
    camera = PicamCamera(library=library)
    library.refused = 1
    with pytest.raises(LimitError, match="1 settings were not accepted"):
        camera.set_exposure(1.0)


def test_picam_error_code_names_the_function() -> None:
    library = FakePicam()
    library.failing["Picam_OpenFirstCamera"] = 26
    with pytest.raises(WireError, match="'Picam_OpenFirstCamera' returned error 26"):
        PicamCamera(library=library)


@pytest.mark.parametrize("camera", [AndorCamera, PicamCamera])
def test_without_the_library_the_message_says_what_to_install(camera: Any) -> None:
    with pytest.raises(StationError, match=r"cannot be loaded.*install the camera's software"):
        camera(library="lib_is_not_here.so")


@pytest.mark.parametrize(("camera", "library"), [(AndorCamera, FakeAndor), (PicamCamera, FakePicam)])
def test_cameras_fit_the_role_and_refuse_nonsense(camera: Any, library: Any) -> None:
    made = camera(library=library())
    assert isinstance(made, CameraSdk)
    assert made.snap().shape == (1, N_PIXELS)
    for exposure_s in (0.0, float("nan"), float("inf"), -1.0):
        with pytest.raises(LimitError, match="exposure"):
            made.set_exposure(exposure_s)
    with pytest.raises(LimitError, match="temperature"):
        camera(library=library(), temperature_c=float("nan"))
