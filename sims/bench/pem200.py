"""Hinds PEM-200: a photoelastic modulator in the collected beam, before the analyser's polariser.

Its retardance swings as δ(t) = δ0 sin(2π f t) with δ0 = 2π · amplitude / wavelength. Cameras and counters average
over many of its periods (20 µs), so what they see is the mean Mueller matrix: cos δ → J0(δ0), sin δ → 0
(Jacobi-Anger; Kemp, J. Opt. Soc. Am. 59, 950 (1969)). This mean is exact for detection, which is linear in the light.
"""

from math import sin, tau

import numpy as np
from scipy.special import jv

from sims.bench import optics
from sims.bench.clock import VirtualClock

AXIS_DEG = 45.0
LOWEST_NM = 10.0
HIGHEST_NM = 550.0
_RING_UP_S = 0.5


class Pem200:
    """The modulator; off at construction. Amplitudes are peak retardance times wavelength, nm of path."""

    identity = "Hinds Instruments,PEM-200,20231,1.07"
    frequency_hz = 50_012.5
    amplitude_range_nm = (LOWEST_NM, HIGHEST_NM)

    def __init__(self, clock: VirtualClock) -> None:
        self._clock = clock
        self._amplitude_nm = 150.0
        self._output_on = False
        self._settled_s = 0.0

    @property
    def amplitude_nm(self) -> float:
        """Amplitude set, in steps of 0.01 nm."""
        return self._amplitude_nm

    def set_amplitude(self, amplitude_nm: float) -> None:
        """Set; beyond the range the nearest limit is taken silently. It takes half a second to settle."""
        self._amplitude_nm = round(min(max(amplitude_nm, LOWEST_NM), HIGHEST_NM), 2)
        self._settled_s = self._clock.now_s() + _RING_UP_S

    @property
    def output_on(self) -> bool:
        """Whether it is driven."""
        return self._output_on

    def set_output(self, on: bool) -> None:
        """Drive it or let it rest."""
        if on and not self._output_on:
            self._settled_s = self._clock.now_s() + _RING_UP_S
        self._output_on = on

    def is_stable(self) -> bool:
        """True when driven and settled."""
        return self._output_on and self._clock.now_s() >= self._settled_s

    def modulation_nm(self) -> float:
        """Amplitude at the optic, nm; 0 when it rests. While it settles the amplitude is taken as reached."""
        return self._amplitude_nm if self._output_on else 0.0


def peak_retardance_rad(amplitude_nm: float, wavelength_nm: float) -> float:
    """δ0 = 2π · amplitude / wavelength, rad."""
    return tau * amplitude_nm / wavelength_nm


def mean_mueller(amplitude_nm: float, wavelength_nm: float) -> optics.Mueller:
    """Mueller matrix averaged over a period, shape (4, 4), fast axis at 45°: cos δ → J0(δ0), sin δ → 0."""
    mean_cos = float(jv(0, peak_retardance_rad(amplitude_nm, wavelength_nm)))
    averaged = np.diag([1.0, 1.0, mean_cos, mean_cos])
    return optics.rotation(AXIS_DEG) @ averaged @ optics.rotation(-AXIS_DEG)


def mueller_at(phase: float, amplitude_nm: float, wavelength_nm: float, travel: optics.Travel = -1) -> optics.Mueller:
    """Mueller matrix, shape (4, 4), at ``phase`` (periods) of the modulation: retardance δ0 sin(2π phase)."""
    retardance_waves = amplitude_nm / wavelength_nm * sin(tau * phase)
    return optics.wave_plate(AXIS_DEG, retardance_waves, travel)
