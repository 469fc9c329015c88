"""The camera as its vendor's software development kit shows it to Python: the object a driver is given."""

import numpy as np
import numpy.typing as npt

from sims.bench.table import OpticalTable


class SimulatedCamera:
    """A camera at the spectrograph's front exit, binned on the chip over its height to one row.

    ``snap()`` gives raw counts: bias, dark current and read noise are in them.
    """

    def __init__(self, table: OpticalTable) -> None:
        self._table = table
        self._exposure_s = 1.0
        self._is_open = True

    def open(self) -> None:
        """Connect to the camera (a new one is connected)."""
        self._is_open = True

    def close(self) -> None:
        """Disconnect; exposures are refused until it is opened again."""
        self._is_open = False

    def is_opened(self) -> bool:
        """True while connected."""
        return self._is_open

    def get_device_info(self) -> tuple[str, str]:
        """Model and serial number."""
        return "simulated camera", "0001"

    def get_detector_size(self) -> tuple[int, int]:
        """(pixels, rows) of a frame."""
        return self._table.config.camera.n_pixels, 1

    def set_exposure(self, exposure_s: float) -> float:
        """Set the exposure, 1 µs to 1 h (ValueError beyond); returns it."""
        if not 1e-6 <= exposure_s <= 3600.0:
            raise ValueError(f"camera: exposure {exposure_s} s is not between 1e-6 and 3600 s")
        self._exposure_s = float(exposure_s)
        return self._exposure_s

    def get_exposure(self) -> float:
        """Exposure, s."""
        return self._exposure_s

    def snap(self) -> npt.NDArray[np.int64]:
        """Expose and read out: counts of shape (rows, pixels). Raises RuntimeError when disconnected."""
        if not self._is_open:
            raise RuntimeError("camera: not connected; open it first")
        return self._table.camera_frame(self._exposure_s)[None, :]
