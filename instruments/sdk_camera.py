"""A camera behind its vendor's software development kit; plays Camera.

There is no wire to open: the driver wraps an object with the few methods of ``CameraSdk`` (the shape of pylablib's
cameras), or builds one from a dotted class path when it is first needed. What the detector adds to the light
(bias, dark counts) is subtracted, and counts become photo-electrons with the measured gain.
"""

import importlib
import threading
from collections.abc import Mapping
from typing import Any, ClassVar, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt
from qcodes.instrument import Instrument  # noqa: TID253 - the class statement needs it

from instruments.clock import WALL_CLOCK, Clock
from instruments.errors import LimitError, NotReadyError, StationError, WireError
from instruments.roles import FloatArray
from instruments.visa import limit_pair, positive, require_within


@runtime_checkable
class CameraSdk(Protocol):
    """What is used of a vendor's camera object."""

    def set_exposure(self, exposure_s: float, /) -> object:
        """Set the exposure time, s."""
        ...

    def snap(self) -> npt.NDArray[Any]:
        """Expose and read one frame of raw counts, shape (rows, pixels)."""
        ...

    def get_detector_size(self) -> tuple[int, int]:
        """(pixels along the dispersion, rows) of a frame."""
        ...


class SdkCamera(Instrument):
    """Photo-electrons per column, from constants of the camera as used, which the lab has measured.

    ``electrons_per_count``; ``bias_counts`` and ``dark_counts_per_s`` per pixel of the frame that ``snap`` returns;
    ``read_noise_counts`` per pixel of that frame; ``saturation_counts``: a frame that reaches it is refused.
    ``sdk``: object or dotted class path; ``sdk_options``: keywords for that class.
    """

    MODEL: ClassVar[str] = "camera"

    def __init__(
        self,
        name: str,
        *,
        sdk: CameraSdk | str,
        sdk_options: Mapping[str, Any] | None = None,
        pixel_um: float = 20.0,
        electrons_per_count: float = 1.0,
        bias_counts: float = 600.0,
        dark_counts_per_s: float = 0.0,
        read_noise_counts: float = 4.0,
        saturation_counts: float = 65535.0,
        exposure_limits_s: tuple[float, float] = (1e-4, 3600.0),
        clock: Clock = WALL_CLOCK,
        metadata: Mapping[Any, Any] | None = None,
        label: str | None = None,
    ) -> None:
        super().__init__(name, metadata=metadata, label=label)
        self.lock = threading.RLock()
        self.clock = clock
        self._sdk_or_path = sdk
        self._sdk_options = dict(sdk_options or {})
        self._pixel_um = positive(name, "pixel_um", pixel_um, "um")
        self._electrons_per_count = positive(name, "electrons_per_count", electrons_per_count, "")
        self._bias_counts = float(bias_counts)
        self._dark_counts_per_s = float(dark_counts_per_s)
        self._read_noise_counts = float(read_noise_counts)
        self._saturation_counts = float(saturation_counts)
        self._exposure_limits_s = limit_pair(name, "exposure_limits_s", exposure_limits_s, "s")
        self._dark_frame: tuple[float, FloatArray] | None = None
        self.detector_size = self.add_parameter(
            "detector_size",
            get_cmd=lambda: list(self._size()),
            docstring="Get the number of pixels along the dispersion and of rows, each 1 to 100000 (no unit).",
        )
        self.dark_frame_exposure = self.add_parameter(
            "dark_frame_exposure",
            unit="s",
            get_cmd=lambda: self._dark_frame[0] if self._dark_frame else 0.0,
            docstring="Get the exposure of the dark frame in use, s; 0 when the constants are used, up to 3600.",
        )

    def get_idn(self) -> dict[str, str | None]:
        """Get the identity: the class of the camera object and its detector."""
        pixels, rows = self._size()
        return {
            "vendor": None,
            "model": f"{type(self._sdk()).__name__} {pixels}x{rows}",
            "serial": None,
            "firmware": None,
        }

    # Camera

    def n_pixels(self) -> int:
        """Number of pixels along the dispersion."""
        return self._size()[0]

    def pixel_um(self) -> float:
        """Pixel pitch along the dispersion, µm."""
        return self._pixel_um

    def read_noise_counts(self) -> float:
        """Standard deviation of one read-out of a column, in the photo-electrons that expose() returns."""
        return self._read_noise_counts * self._electrons_per_count * float(np.sqrt(self._size()[1]))

    def expose(self, exposure_s: float) -> FloatArray:
        """One exposure: photo-electrons per column, dark and bias subtracted, shape (n_pixels,).

        Raises LimitError for the exposure, NotReadyError for a saturated frame, WireError for a failing camera.
        """
        with self.lock:
            counts = self._binned_frame(exposure_s)
            if self._dark_frame is not None and self._dark_frame[0] == exposure_s:
                return (counts - self._dark_frame[1]) * self._electrons_per_count
            offset = self._size()[1] * (self._bias_counts + self._dark_counts_per_s * exposure_s)
            return (counts - offset) * self._electrons_per_count

    def record_dark(self, exposure_s: float, n_frames: int = 5) -> None:
        """Average ``n_frames`` frames with the beam blocked; subtracted from exposures of the same length."""
        if n_frames < 1:
            raise LimitError(f"{self.name}: {n_frames} dark frames; take at least 1")
        with self.lock:
            frames = [self._binned_frame(exposure_s) for _ in range(n_frames)]
            self._dark_frame = (exposure_s, np.mean(frames, axis=0))

    def close(self) -> None:
        """Close the camera, if it knows how."""
        close_sdk = getattr(getattr(self, "_sdk_or_path", None), "close", None)
        if callable(close_sdk):
            close_sdk()
        super().close()

    # Inside

    def _sdk(self) -> CameraSdk:
        with self.lock:
            if isinstance(self._sdk_or_path, str):
                self._sdk_or_path = self._construct(self._sdk_or_path)
            return self._sdk_or_path

    def _construct(self, path: str) -> CameraSdk:
        module_name, _, class_name = path.rpartition(".")
        try:
            camera = getattr(importlib.import_module(module_name), class_name)(**self._sdk_options)
        except (ImportError, AttributeError, ValueError, TypeError) as error:
            raise StationError(f"{self.name}: camera class '{path}' cannot be made ({error}); check sdk") from error
        if not isinstance(camera, CameraSdk):
            raise StationError(f"{self.name}: '{path}' lacks set_exposure, snap or get_detector_size; wrap it")
        return camera

    def _call(self, method: str, *arguments: object) -> Any:  # noqa: ANN401 - whatever the vendor returns
        try:
            return getattr(self._sdk(), method)(*arguments)
        except StationError:
            raise
        except Exception as error:
            # Vendors raise classes of their own; whatever it is, the camera has failed and is named.
            raise WireError(f"{self.name}: camera {method}{arguments} failed: {error}; check the camera") from error

    def _size(self) -> tuple[int, int]:
        pixels, rows = self._call("get_detector_size")
        return int(pixels), int(rows)

    def _binned_frame(self, exposure_s: float) -> FloatArray:
        require_within(self.name, "exposure", exposure_s, *self._exposure_limits_s, "s", "choose a value inside")
        self._call("set_exposure", exposure_s)
        frame = np.asarray(self._call("snap"), dtype=np.float64)
        pixels, rows = self._size()
        if frame.shape != (rows, pixels):
            raise WireError(f"{self.name}: frame has the shape {frame.shape}, not {(rows, pixels)}; check the binning")
        if frame.max() >= self._saturation_counts:
            raise NotReadyError(
                f"{self.name}: {frame.max():g} counts in {exposure_s:g} s reach saturation "
                f"({self._saturation_counts:g}); shorten the exposure"
            )
        return np.asarray(frame.sum(axis=0), dtype=np.float64)
