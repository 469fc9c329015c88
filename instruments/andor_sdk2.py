"""An Andor camera (Newton, iDus, iXon) through SDK2, in the form ``SdkCamera`` asks for.

Station file: ``type: instruments.sdk_camera.SdkCamera``, ``init: {sdk: instruments.andor_sdk2.AndorCamera,
sdk_options: {temperature_c: -70.0}}``. The library (``atmcd64d.dll`` or ``libandor.so``) comes with the camera's
software. Read-out is full vertical binning, so a frame has one row. Every call returns 20002 for success.
Source: Andor SDK2 user's guide.
"""

import ctypes
import math
import time
from typing import Any

import numpy as np
import numpy.typing as npt

from instruments.errors import LimitError, NotReadyError, StationError, WireError

LIBRARIES = ("atmcd64d.dll", "libandor.so")
SUCCESS = 20002
NO_NEW_DATA = 20024
TEMPERATURE_CODES = {20034: "off", 20035: "not stabilised", 20036: "stabilised", 20037: "not reached", 20040: "drift"}
STABILISED = 20036
FULL_VERTICAL_BINNING = 0
SINGLE_SCAN = 1
INTERNAL_TRIGGER = 0
SHUTTER_ACTIVE_HIGH, SHUTTER_AUTO = 1, 0
WAIT_SLICE_MS = 200
READ_OUT_S = 30.0


class AndorCamera:
    """One camera, cooled to ``temperature_c``; the first one when several are connected.

    ``library``: path, or an object with the functions of the library.
    """

    def __init__(
        self,
        *,
        library: Any = None,  # noqa: ANN401 - a ctypes library, its path, or an object like it
        settings_folder: str = "",
        temperature_c: float = -70.0,
        require_cold: bool = True,
    ) -> None:
        """Initialise, cool, set the read-out. Raises LimitError, StationError (no library), WireError."""
        if not (math.isfinite(temperature_c) and -120.0 <= temperature_c <= 20.0):
            raise LimitError(f"Andor camera: temperature {temperature_c} deg C is outside -120 to 20; choose another")
        self._require_cold = require_cold
        self._exposure_s = 0.1
        self._is_open = False
        self._library = _load(library) if library is None or isinstance(library, str) else library
        self._call("Initialize", settings_folder.encode())
        self._is_open = True
        width, height = ctypes.c_int(), ctypes.c_int()
        self._call("GetDetector", ctypes.byref(width), ctypes.byref(height))
        if not 1 <= width.value <= 100_000:
            raise WireError(f"Andor camera: 'GetDetector' gave {width.value} pixels; check camera and library")
        self._n_pixels = width.value
        self._call("SetTemperature", round(temperature_c))
        self._call("CoolerON")
        self._call("SetReadMode", FULL_VERTICAL_BINNING)
        self._call("SetAcquisitionMode", SINGLE_SCAN)
        self._call("SetTriggerMode", INTERNAL_TRIGGER)
        self._call("SetShutter", SHUTTER_ACTIVE_HIGH, SHUTTER_AUTO, 50, 50)

    def get_detector_size(self) -> tuple[int, int]:
        """(pixels along the dispersion, rows) of a frame: one row."""
        return self._n_pixels, 1

    def set_exposure(self, exposure_s: float) -> float:
        """Set the exposure, s; returns what the camera makes of it. LimitError for a non-positive or endless one."""
        if not 0.0 < exposure_s < math.inf:
            raise LimitError(f"Andor camera: exposure {exposure_s} s must be finite and above 0")
        self._call("SetExposureTime", ctypes.c_float(exposure_s))
        exposure, accumulate, kinetic = ctypes.c_float(), ctypes.c_float(), ctypes.c_float()
        self._call("GetAcquisitionTimings", ctypes.byref(exposure), ctypes.byref(accumulate), ctypes.byref(kinetic))
        self._exposure_s = float(exposure.value)
        return self._exposure_s

    def snap(self) -> npt.NDArray[np.int32]:
        """Expose and read one frame of raw counts, shape (1, pixels).

        NotReadyError while the sensor is not at its temperature or when the frame does not come.
        """
        if self._require_cold:
            self._require_temperature()
        self._call("StartAcquisition")
        deadline_s = time.monotonic() + self._exposure_s + READ_OUT_S
        # Waited for in slices, so that a stop from the keyboard gets through.
        while self._call("WaitForAcquisitionTimeOut", WAIT_SLICE_MS, also=(NO_NEW_DATA,)) == NO_NEW_DATA:
            if time.monotonic() > deadline_s:
                self._call("AbortAcquisition")
                raise NotReadyError(f"Andor camera: no frame within {self._exposure_s + READ_OUT_S:g} s; restart it")
        counts = (ctypes.c_int * self._n_pixels)()
        self._call("GetAcquiredData", counts, ctypes.c_uint(self._n_pixels))
        return np.array(counts, dtype=np.int32)[None, :]

    def temperature_c(self) -> tuple[float, str]:
        """Temperature of the sensor, deg C, and the cooler's state in words."""
        degrees = ctypes.c_int()
        code = self._call("GetTemperature", ctypes.byref(degrees), also=tuple(TEMPERATURE_CODES))
        return float(degrees.value), TEMPERATURE_CODES.get(code, str(code))

    def close(self) -> None:
        """Shut the library down; further calls do nothing. The cooler is left on: the sensor must warm up slowly."""
        if self._is_open:
            self._is_open = False
            self._call("ShutDown")

    # Inside

    def _require_temperature(self) -> None:
        degrees, word = self.temperature_c()
        if word != TEMPERATURE_CODES[STABILISED]:
            raise NotReadyError(f"Andor camera: the sensor is at {degrees:g} deg C ({word}); wait until it is stable")

    def _call(self, function: str, *arguments: object, also: tuple[int, ...] = ()) -> int:
        """Call a function; its code when it is success or one of ``also``, WireError otherwise."""
        try:
            code = int(getattr(self._library, function)(*arguments))
        except (AttributeError, OSError, ctypes.ArgumentError) as error:
            raise WireError(f"Andor camera: '{function}' cannot be called ({error}); check the library") from error
        if code != SUCCESS and code not in also:
            raise WireError(f"Andor camera: '{function}' returned {code}, not {SUCCESS}; see the SDK's error codes")
        return code


def _load(path: str | None) -> Any:  # noqa: ANN401 - a ctypes library
    problems = []
    for candidate in [path] if path else LIBRARIES:
        try:
            return ctypes.CDLL(candidate)
        except OSError as error:
            problems.append(f"{candidate}: {error}")
    raise StationError(
        f"Andor camera: SDK2 cannot be loaded ({'; '.join(problems)}); install the camera's software or give the "
        "library's path in sdk_options"
    )
