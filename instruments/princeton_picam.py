"""A Princeton Instruments camera (PIXIS, ProEM, Blaze) through PICam, in the form ``SdkCamera`` asks for.

Station file: ``type: instruments.sdk_camera.SdkCamera``, ``init: {sdk: instruments.princeton_picam.PicamCamera}``.
The library (``Picam.dll`` or ``libpicam.so``) comes with the camera's software. The sensor is binned over its full
height on the chip, so a frame has one row. Every call returns 0 for success.
Source: PICam 5.x programmer's manual and ``picam.h`` (parameter = constraint << 24 | type << 16 | number).
"""

import ctypes
import math
from typing import Any

import numpy as np
import numpy.typing as npt

from instruments.errors import LimitError, NotReadyError, StationError, WireError

LIBRARIES = ("Picam.dll", "libpicam.so")
INTEGER, FLOATING_POINT, ENUMERATION, ROIS = 1, 2, 4, 5
NONE, RANGE, COLLECTION, ROIS_CONSTRAINT = 1, 2, 3, 4
TIME_OUT_OCCURRED = 32
READ_OUT_MS = 30_000
LOCKED = 2
BYTES_PER_COUNT = 2


def parameter(value_type: int, constraint: int, number: int) -> int:
    """Number of a parameter as ``picam.h`` forms it."""
    return constraint << 24 | value_type << 16 | number


EXPOSURE_TIME = parameter(FLOATING_POINT, RANGE, 23)  # ms
SENSOR_TEMPERATURE_SET_POINT = parameter(FLOATING_POINT, RANGE, 14)  # deg C
SENSOR_TEMPERATURE_READING = parameter(FLOATING_POINT, NONE, 15)
SENSOR_TEMPERATURE_STATUS = parameter(ENUMERATION, NONE, 16)
REGIONS = parameter(ROIS, ROIS_CONSTRAINT, 37)
READOUT_STRIDE = parameter(INTEGER, NONE, 45)
SENSOR_ACTIVE_WIDTH = parameter(INTEGER, NONE, 59)
SENSOR_ACTIVE_HEIGHT = parameter(INTEGER, NONE, 60)


class Roi(ctypes.Structure):
    """``PicamRoi``: a region of the sensor and its binning."""

    _fields_ = [(name, ctypes.c_int) for name in ("x", "width", "x_binning", "y", "height", "y_binning")]


class Rois(ctypes.Structure):
    """``PicamRois``: regions and their number."""

    _fields_ = [("roi_array", ctypes.POINTER(Roi)), ("roi_count", ctypes.c_int)]


class AvailableData(ctypes.Structure):
    """``PicamAvailableData``: address of the first read-out and how many there are."""

    _fields_ = [("initial_readout", ctypes.c_void_p), ("readout_count", ctypes.c_int64)]


class PicamCamera:
    """The first camera that is connected, cooled to ``temperature_c``.

    ``library``: path, or an object with the functions of the library.
    """

    def __init__(
        self,
        *,
        library: Any = None,  # noqa: ANN401 - a ctypes library, its path, or an object like it
        temperature_c: float = -70.0,
        require_cold: bool = True,
    ) -> None:
        """Open, cool, bin over the full height. Raises LimitError, StationError (no library), WireError."""
        if not (math.isfinite(temperature_c) and -120.0 <= temperature_c <= 25.0):
            raise LimitError(f"PICam camera: temperature {temperature_c} deg C is outside -120 to 25; choose another")
        self._require_cold = require_cold
        self._exposure_s = 0.1
        self._handle = ctypes.c_void_p()
        self._is_open = False
        self._library = _load(library) if library is None or isinstance(library, str) else library
        self._call("Picam_InitializeLibrary")
        self._call("Picam_OpenFirstCamera", ctypes.byref(self._handle))
        self._is_open = True
        self._n_pixels = self._integer(SENSOR_ACTIVE_WIDTH)
        height = self._integer(SENSOR_ACTIVE_HEIGHT)
        if not (1 <= self._n_pixels <= 100_000 and height >= 1):
            raise WireError(f"PICam camera: sensor of {self._n_pixels} x {height} pixels; check camera and library")
        region = Roi(0, self._n_pixels, 1, 0, height, height)
        regions = Rois(ctypes.pointer(region), 1)
        self._call("Picam_SetParameterRoisValue", self._handle, REGIONS, ctypes.byref(regions))
        self._set_float(SENSOR_TEMPERATURE_SET_POINT, temperature_c)
        self._commit()

    def get_detector_size(self) -> tuple[int, int]:
        """(pixels along the dispersion, rows) of a frame: one row."""
        return self._n_pixels, 1

    def set_exposure(self, exposure_s: float) -> float:
        """Set the exposure, s; returns it. LimitError for a non-positive or endless one."""
        if not 0.0 < exposure_s < math.inf:
            raise LimitError(f"PICam camera: exposure {exposure_s} s must be finite and above 0")
        self._set_float(EXPOSURE_TIME, exposure_s * 1e3)
        self._commit()
        self._exposure_s = exposure_s
        return exposure_s

    def snap(self) -> npt.NDArray[np.uint16]:
        """Expose and read one frame of raw counts, shape (1, pixels).

        NotReadyError while the sensor is not at its temperature or when the frame does not come in time.
        """
        if self._require_cold:
            self._require_temperature()
        stride = self._integer(READOUT_STRIDE)
        if stride < self._n_pixels * BYTES_PER_COUNT:
            raise WireError(f"PICam camera: a read-out of {stride} bytes is less than {self._n_pixels} counts; rebin")
        data, problems = AvailableData(), ctypes.c_int()
        timeout_ms = round(self._exposure_s * 1e3) + READ_OUT_MS
        code = self._call(
            "Picam_Acquire",
            self._handle,
            ctypes.c_int64(1),
            timeout_ms,
            ctypes.byref(data),
            ctypes.byref(problems),
            also=(TIME_OUT_OCCURRED,),
        )
        if code == TIME_OUT_OCCURRED:
            raise NotReadyError(f"PICam camera: no frame within {timeout_ms / 1e3:g} s; restart the camera")
        if problems.value or data.readout_count != 1 or not data.initial_readout:
            raise NotReadyError(f"PICam camera: the frame is faulty (error bits {problems.value:#x}); take it again")
        raw = ctypes.string_at(data.initial_readout, self._n_pixels * BYTES_PER_COUNT)
        return np.frombuffer(raw, dtype="<u2")[None, :].copy()

    def temperature_c(self) -> tuple[float, bool]:
        """Temperature of the sensor, deg C, and whether it is locked to its set-point."""
        degrees, status = ctypes.c_double(), ctypes.c_int()
        self._call(
            "Picam_ReadParameterFloatingPointValue", self._handle, SENSOR_TEMPERATURE_READING, ctypes.byref(degrees)
        )
        self._call("Picam_ReadParameterIntegerValue", self._handle, SENSOR_TEMPERATURE_STATUS, ctypes.byref(status))
        return float(degrees.value), status.value == LOCKED

    def close(self) -> None:
        """Close camera and library; further calls do nothing."""
        if self._is_open:
            self._is_open = False
            self._call("Picam_CloseCamera", self._handle)
            self._call("Picam_UninitializeLibrary")

    # Inside

    def _integer(self, number: int) -> int:
        value = ctypes.c_int()
        self._call("Picam_GetParameterIntegerValue", self._handle, number, ctypes.byref(value))
        return value.value

    def _set_float(self, number: int, value: float) -> None:
        self._call("Picam_SetParameterFloatingPointValue", self._handle, number, ctypes.c_double(value))

    def _commit(self) -> None:
        failed, n_failed = ctypes.POINTER(ctypes.c_int)(), ctypes.c_int()
        self._call("Picam_CommitParameters", self._handle, ctypes.byref(failed), ctypes.byref(n_failed))
        if n_failed.value:
            raise LimitError(f"PICam camera: {n_failed.value} settings were not accepted; check exposure and cooling")

    def _require_temperature(self) -> None:
        degrees, is_locked = self.temperature_c()
        if not is_locked:
            raise NotReadyError(f"PICam camera: the sensor is at {degrees:g} deg C and not locked; wait until it is")

    def _call(self, function: str, *arguments: object, also: tuple[int, ...] = ()) -> int:
        """Call a function; its code when it is 0 or one of ``also``, WireError otherwise."""
        try:
            code = int(getattr(self._library, function)(*arguments))
        except (AttributeError, OSError, ctypes.ArgumentError) as error:
            raise WireError(f"PICam camera: '{function}' cannot be called ({error}); check the library") from error
        if code != 0 and code not in also:
            raise WireError(f"PICam camera: '{function}' returned error {code}; see PicamError in the manual")
        return code


def _load(path: str | None) -> Any:  # noqa: ANN401 - a ctypes library
    problems = []
    for candidate in [path] if path else LIBRARIES:
        try:
            return ctypes.CDLL(candidate)
        except OSError as error:
            problems.append(f"{candidate}: {error}")
    raise StationError(
        f"PICam camera: the library cannot be loaded ({'; '.join(problems)}); install the camera's software or give "
        "the library's path in sdk_options"
    )
