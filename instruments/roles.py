"""Roles: what an experiment needs of an instrument, in named units. A driver plays one or several.

A procedure asks the bench for roles, never for models. Every set returns what was read back, because
every device quantises. Every wait goes through the bench's clock. Wavelengths are in vacuum.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


@runtime_checkable
class TunableLaser(Protocol):
    """A light source whose wavelength can be set. Its own output shutter is part of it."""

    def wavelength_range_nm(self) -> tuple[float, float]:
        """Shortest and longest wavelength it can be set to."""
        ...

    def wavelength_nm(self) -> float:
        """Wavelength as the device reports it (or, without a query, as last set and confirmed)."""
        ...

    def spectral_width_nm(self) -> float:
        """Full width at half maximum of the emitted spectrum at the present wavelength."""
        ...

    def tune(self, wavelength_nm: float) -> float:
        """Close the output, tune, wait until settled and locked; returns the wavelength reached.

        The output stays closed: the caller opens it. Raises LimitError, NotReadyError, InterlockError.
        """
        ...

    def open_output(self) -> None:
        """Open the laser's own shutter; InterlockError or NotReadyError when it must not be."""
        ...

    def close_output(self) -> None:
        """Close the laser's own shutter and confirm it by read-back."""
        ...

    def output_is_open(self) -> bool:
        """Read the laser's own shutter."""
        ...


@runtime_checkable
class FineTunableLaser(TunableLaser, Protocol):
    """A narrow source that can be shifted by picometres while it stays locked."""

    def shift(self, delta_nm: float) -> float:
        """Shift by ``delta_nm``, wait for lock; returns the total shift since the last tune(), nm."""
        ...


@runtime_checkable
class PulsedSource(Protocol):
    """The mode-locked oscillator that sets the pulse rate of the bench."""

    def repetition_rate_hz(self) -> float:
        """Pulse repetition rate."""
        ...

    def assert_mode_locked(self) -> None:
        """Raise NotReadyError unless the oscillator emits stable pulses."""
        ...

    def open_output(self) -> None:
        """Open its own shutter, so that it pumps what follows; refused unless it emits stable pulses."""
        ...

    def close_output(self) -> None:
        """Close its own shutter and confirm it by read-back."""
        ...

    def output_is_open(self) -> bool:
        """Read its own shutter."""
        ...


@runtime_checkable
class Shutter(Protocol):
    """A beam shutter; every move is confirmed by read-back."""

    def open(self) -> None:
        """Open and confirm; InterlockError or NotReadyError when it must not be opened."""
        ...

    def close(self) -> None:
        """Close and confirm."""
        ...

    def is_open(self) -> bool:
        """Read the state."""
        ...


@runtime_checkable
class Rotator(Protocol):
    """A wave plate in a rotation mount; angles of its fast axis in degrees from horizontal."""

    def angle_deg(self) -> float:
        """Angle of the fast axis, degrees."""
        ...

    def rotate_to(self, angle_deg: float) -> float:
        """Rotate, wait until done; returns the angle read back, degrees."""
        ...


@runtime_checkable
class Spectrograph(Protocol):
    """A grating spectrograph with a camera at its front exit and a slit with detectors at its side exit."""

    def centre_wavelength_nm(self) -> float:
        """Wavelength at the centre of the exits, nm; 0 is the zero order."""
        ...

    def set_centre_wavelength(self, wavelength_nm: float) -> float:
        """Turn the grating, wait until done; returns the wavelength read back, nm."""
        ...

    def select_exit(self, name: str) -> None:
        """``"front"`` (camera) or ``"side"`` (slit and photon counters); confirmed by read-back."""
        ...

    def select_grating(self, groove_per_mm: int) -> int:
        """Turn to the grating with this groove density; returns the density read back, 1/mm."""
        ...

    def set_exit_slit_um(self, width_um: float) -> float:
        """Set the width of the side exit slit; returns the width read back, µm."""
        ...

    def dispersion_nm_per_mm(self) -> float:
        """Linear dispersion in the focal plane at the present centre wavelength."""
        ...

    def wavelength_axis_nm(self, n_pixels: int, pixel_um: float) -> FloatArray:
        """Wavelength at each camera pixel, shape (n_pixels,), increasing."""
        ...


@runtime_checkable
class Camera(Protocol):
    """A cooled camera read out as a spectrum (full vertical binning)."""

    def n_pixels(self) -> int:
        """Number of pixels along the dispersion."""
        ...

    def pixel_um(self) -> float:
        """Pixel pitch along the dispersion, µm."""
        ...

    def read_noise_counts(self) -> float:
        """Standard deviation of one read-out, in counts."""
        ...

    def expose(self, exposure_s: float) -> FloatArray:
        """One exposure, dark- and bias-subtracted photo-electrons, shape (n_pixels,)."""
        ...


@dataclass(frozen=True)
class TimeTags:
    """Photon arrival times: ``timestamps_ps`` (int64, sorted) and ``channel`` (uint8), same length.

    ``duration_s`` is the live time of the record.
    """

    timestamps_ps: IntArray
    channel: npt.NDArray[np.uint8]
    duration_s: float


@runtime_checkable
class TimeTagger(Protocol):
    """A time-to-digital converter with channels numbered from 1."""

    def record_tags(self, duration_s: float, channels: Sequence[int]) -> TimeTags:
        """Record raw tags for ``duration_s``; NotReadyError names the channel if tags were lost."""
        ...

    def record_histogram(
        self,
        start_channel: int,
        stop_channels: Sequence[int],
        bin_width_ps: int,
        n_bins: int,
        duration_s: float,
    ) -> IntArray:
        """Start-stop histograms of all stop channels, recorded at the same time.

        Counts of shape (len(stop_channels), n_bins); bin k covers [k, k+1) * bin_width_ps after the start.
        """
        ...

    def count_rates_hz(self, channels: Sequence[int], integration_s: float = 0.1) -> dict[int, float]:
        """Count rate of each channel over ``integration_s`` seconds, Hz."""
        ...


@runtime_checkable
class LimitedBins(Protocol):
    """A time tagger that can say, without asking the device, how many bins its histograms hold."""

    def most_bins(self) -> int:
        """Largest number of bins of a histogram."""
        ...


@runtime_checkable
class Cryostat(Protocol):
    """Sample temperature."""

    def temperature_k(self) -> float:
        """Temperature at the sample, K."""
        ...

    def set_temperature(self, target_k: float) -> float:
        """Set, wait until stable; returns the temperature read back, K."""
        ...


@runtime_checkable
class Magnet(Protocol):
    """Field along the optical axis (Faraday geometry)."""

    def field_t(self) -> float:
        """Field as the supply reports it, T."""
        ...

    def set_field(self, target_t: float) -> float:
        """Ramp within the limits, wait; returns the field read back, T. InterlockError on a quench."""
        ...

    def hold(self) -> None:
        """Stop ramping and stay; confirmed by read-back. Sends nothing during a quench."""
        ...

    def is_at_rest(self) -> bool:
        """True when the field is not moving (holding, paused, at zero)."""
        ...


@runtime_checkable
class MicrowaveSource(Protocol):
    """A microwave generator with a gated (pulse-modulated) output."""

    def frequency_range_hz(self) -> tuple[float, float]:
        """Lowest and highest frequency, Hz."""
        ...

    def set_frequency(self, frequency_hz: float) -> float:
        """Set the frequency; returns the frequency read back, Hz."""
        ...

    def set_power(self, power_dbm: float) -> float:
        """Set the power at the output socket; returns the power read back, dBm."""
        ...

    def set_output(self, on: bool, *, gated: bool = True) -> None:
        """RF on or off, confirmed by read-back; ``gated``: the RF follows the gate input."""
        ...

    def output_is_on(self) -> bool:
        """Read the output state."""
        ...


@runtime_checkable
class GateGenerator(Protocol):
    """A delay generator: one trigger in, four gates (``"AB"``, ``"CD"``, ``"EF"``, ``"GH"``) and T0 out."""

    def trigger_on_laser(self, divider: int) -> None:
        """Trigger on every ``divider``-th laser pulse (>= 1)."""
        ...

    def set_gate(
        self, gate: str, delay_s: float, width_s: float, level_v: float = 5.0, divider: int = 1
    ) -> tuple[float, float]:
        """One gate ``delay_s`` after the trigger, high for ``width_s``, on every ``divider``-th trigger.

        ``level_v`` drives the acousto-optic modulator (0.5-5 V, full transmission at 5 V).
        Returns delay and width read back, s.
        """
        ...

    def disable_gate(self, gate: str) -> None:
        """A gate of zero width."""
        ...


@runtime_checkable
class LimitedDivider(Protocol):
    """A delay generator that can say, without asking the device, how far it divides the laser rate."""

    def largest_divider(self) -> int:
        """Largest divider of ``trigger_on_laser``."""
        ...


@runtime_checkable
class PowerMeter(Protocol):
    """Average optical power at the pick-off before the objective."""

    def set_wavelength(self, wavelength_nm: float) -> float:
        """Set the wavelength the calibration is taken at; returns the wavelength read back, nm."""
        ...

    def power_w(self) -> float:
        """Average power, W."""
        ...


@runtime_checkable
class PolarisationModulator(Protocol):
    """A photoelastic modulator: a retarder whose retardance swings sinusoidally."""

    def set_retardance(self, retardance_waves: float, wavelength_nm: float) -> float:
        """Swing to this peak retardance (waves at ``wavelength_nm``), wait until stable; returns what was read back."""
        ...

    def frequency_hz(self) -> float:
        """Frequency of the modulation, Hz."""
        ...

    def set_output(self, on: bool) -> None:
        """Drive the optic or let it rest; confirmed by read-back."""
        ...

    def output_is_on(self) -> bool:
        """Read whether the optic is driven."""
        ...


@runtime_checkable
class PhotonCounter(Protocol):
    """Counts photons, without their times; channels numbered from 1. A TimeTagger is one, too."""

    def count_rates_hz(self, channels: Sequence[int], integration_s: float = 0.1) -> dict[int, float]:
        """Count rate of each channel over ``integration_s`` seconds, Hz."""
        ...


@dataclass(frozen=True)
class LockInReading:
    """Root-mean-square signal in phase (``x_v``) and in quadrature (``y_v``), V, at ``frequency_hz``."""

    x_v: float
    y_v: float
    frequency_hz: float


@runtime_checkable
class LockIn(Protocol):
    """A lock-in amplifier: the part of a signal that follows a reference."""

    def prepare(self, sensitivity_v: float, time_constant_s: float) -> tuple[float, float]:
        """Set full scale (V) and time constant (s), each rounded up; returns both as read back."""
        ...

    def reading(self) -> LockInReading:
        """Wait until the filter has settled, then read; NotReadyError on an overload or an unlocked reference."""
        ...


@runtime_checkable
class Positioner(Protocol):
    """One axis of an open-loop stepper: it makes steps, and nobody knows how far it went."""

    def step(self, steps: int) -> int:
        """Make so many steps (up positive), wait, ground; returns the steps made."""
        ...

    def stop(self) -> None:
        """Stop stepping."""
        ...

    def ground(self) -> None:
        """Stop and ground; confirmed by read-back."""
        ...

    def is_grounded(self) -> bool:
        """Read whether the axis is grounded and its piezo without voltage."""
        ...


@runtime_checkable
class ThermometerAtMagnet(Protocol):
    """A thermometer on the magnet, or on the stage that cools it: no field without it being cold."""

    def magnet_temperature_k(self) -> float:
        """Temperature at the magnet, K; NotReadyError without a reading."""
        ...


ROLES: dict[str, type] = {
    "readout_laser": TunableLaser,
    "pulse_source": PulsedSource,
    "resonant_laser": TunableLaser,
    "excitation_quarter_wave": Rotator,
    "analyser_quarter_wave": Rotator,
    "analyser_half_wave": Rotator,
    "shutter": Shutter,
    "spectrograph": Spectrograph,
    "camera": Camera,
    "time_tagger": TimeTagger,
    "cryostat": Cryostat,
    "magnet": Magnet,
    "microwave": MicrowaveSource,
    "gates": GateGenerator,
    "power_meter": PowerMeter,
    "polarisation_modulator": PolarisationModulator,
    "photon_counter": PhotonCounter,
    "lock_in": LockIn,
    "positioner": Positioner,
    "magnet_thermometer": ThermometerAtMagnet,
}
"""Every role a station file can bind, by the name procedures ask for."""

OPTIONAL_ROLES = frozenset({"polarisation_modulator", "photon_counter", "lock_in", "positioner", "magnet_thermometer"})
"""Roles that no procedure asks for and a bench may lack."""
