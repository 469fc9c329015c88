"""Stanford Research Systems SR830: lock-in amplifier on the chopped photodiode at the pick-off before the objective."""

import cmath
import math
from collections.abc import Callable

import numpy as np

from sims.bench.clock import VirtualClock

CHOPPER_HZ = 337.0
"""Reference from the chopper wheel in front of the photodiode."""
_VOLT_PER_WATT = 0.4 * 1e6
"""Silicon photodiode (0.4 A/W at 600 nm) behind an amplifier of 1 MV/A."""
_FUNDAMENTAL_RMS = math.sqrt(2.0) / math.pi
"""Root-mean-square amplitude of the fundamental of a square wave between 0 and 1."""
_NOISE_V_PER_SQRT_HZ = 6e-9
_NOISE_BANDWIDTH = (0.25, 0.125, 3 / 32, 5 / 64)
"""Equivalent noise bandwidth times time constant for one to four poles (SR830 manual, chapter 3)."""
_OVERLOAD = 1.09
_LARGEST_INPUT_V = 1.4

SENSITIVITIES_V = tuple(m * 10.0**e for e in range(-9, 1) for m in (1, 2, 5))[1:-2]
"""Full scales by index: 2 nV … 1 V."""
TIME_CONSTANTS_S = tuple(m * 10.0**e for e in range(-5, 5) for m in (1, 3))
"""Time constants by index: 10 µs … 30 ks."""
SAMPLE_RATES_HZ = tuple(2.0**k / 16 for k in range(14))
"""Sample rates of the buffer by index: 62.5 mHz … 512 Hz; index 14 is the trigger input, which is not connected."""
LONGEST_BUFFER = 16383
FREQUENCY_RANGE_HZ = (0.001, 102e3)


class Sr830:
    """At construction: internal reference of 1 kHz, 1 V full scale, 100 ms, 12 dB per octave.

    ``incident_power_w`` says what falls on the photodiode. The light is taken as constant between two looks, so the
    output filter follows a change with its time constant, one exponential a pole. Internal reference: the chopper is
    not at that frequency, so nothing but noise is seen (also at even harmonics).
    """

    def __init__(self, clock: VirtualClock, incident_power_w: Callable[[], float], rng: np.random.Generator) -> None:
        self._clock = clock
        self._incident_power_w = incident_power_w
        self._rng = rng
        self._poles: list[complex] = [0j] * 4
        self._seen_s = 0.0
        self._record_start_s: float | None = None
        self._buffer: list[tuple[float, float]] = []
        self.preset()

    def preset(self) -> None:
        """The instrument's standard settings."""
        self.sensitivity_index = len(SENSITIVITIES_V) - 1
        self.time_constant_index = 8
        self.slope_index = 1
        self.phase_deg = 0.0
        self.harmonic = 1
        self.external_reference = False
        self.internal_frequency_hz = 1000.0
        self.sine_v = 1.0
        self.sample_rate_index = 4
        self.buffer_loops = True
        self.reset_buffer()

    # --- signal ------------------------------------------------------------------------------------------------------

    @property
    def full_scale_v(self) -> float:
        """Sensitivity."""
        return SENSITIVITIES_V[self.sensitivity_index]

    @property
    def time_constant_s(self) -> float:
        """Time constant of the output filter."""
        return TIME_CONSTANTS_S[self.time_constant_index]

    def frequency_hz(self) -> float:
        """Reference frequency: the chopper's, or the internal oscillator's."""
        return CHOPPER_HZ if self.external_reference else self.internal_frequency_hz

    def input_v(self) -> float:
        """Root-mean-square voltage at the input at the reference frequency (times the harmonic)."""
        if not self.external_reference or self.harmonic % 2 == 0:
            return 0.0
        return self._incident_power_w() * _VOLT_PER_WATT * _FUNDAMENTAL_RMS / self.harmonic

    def output_v(self) -> complex:
        """X + iY now: behind the output filter, with noise."""
        settled = self._settle()
        enbw_hz = _NOISE_BANDWIDTH[self.slope_index] / self.time_constant_s
        noise_v = _NOISE_V_PER_SQRT_HZ * math.sqrt(enbw_hz)
        noisy = settled + complex(*self._rng.normal(0.0, noise_v, size=2))
        limit_v = _OVERLOAD * self.full_scale_v
        return complex(min(max(noisy.real, -limit_v), limit_v), min(max(noisy.imag, -limit_v), limit_v))

    def input_overloaded(self) -> bool:
        """True when the signal is more than the input takes (1.4 V peak)."""
        return self.input_v() * math.sqrt(2.0) > _LARGEST_INPUT_V

    def output_overloaded(self) -> bool:
        """True when the output exceeds the full scale by more than 9 %."""
        return abs(self._settle()) > _OVERLOAD * self.full_scale_v

    def auto_phase(self) -> None:
        """Turn the reference phase until Y is zero."""
        here = self._settle()
        if abs(here) > 0.0:
            self.phase_deg = (self.phase_deg + math.degrees(cmath.phase(here)) + 180.0) % 360.0 - 180.0

    def auto_gain(self) -> None:
        """The smallest full scale that holds the signal."""
        magnitude_v = abs(self._settle())
        fitting = [i for i, full_v in enumerate(SENSITIVITIES_V) if magnitude_v <= full_v]
        self.sensitivity_index = fitting[0] if fitting else len(SENSITIVITIES_V) - 1

    def _settle(self) -> complex:
        """Let the filter follow the light up to now; the filtered signal without noise."""
        now_s = self._clock.now_s()
        passed = -math.expm1(-(now_s - self._seen_s) / self.time_constant_s)
        self._seen_s = now_s
        level: complex = self.input_v()
        for pole in range(self.slope_index + 1):
            self._poles[pole] += (level - self._poles[pole]) * passed
            level = self._poles[pole]
        return level * cmath.exp(-1j * math.radians(self.phase_deg))

    # --- buffer ------------------------------------------------------------------------------------------------------

    def start_buffer(self) -> None:
        """Record X and Y from now on, at the sample rate."""
        if self._record_start_s is None:
            self._record_start_s = self._clock.now_s()

    def pause_buffer(self) -> None:
        """Stop recording; what there is stays."""
        self._fill()
        self._record_start_s = None

    def reset_buffer(self) -> None:
        """Stop recording and forget."""
        self._record_start_s, self._buffer = None, []

    def buffer(self) -> list[tuple[float, float]]:
        """What has been recorded up to now, (X, Y) in V."""
        self._fill()
        return self._buffer

    def _fill(self) -> None:
        if self._record_start_s is None or self.sample_rate_index >= len(SAMPLE_RATES_HZ):
            return
        rate_hz = SAMPLE_RATES_HZ[self.sample_rate_index]
        due = int((self._clock.now_s() - self._record_start_s) * rate_hz)
        for _ in range(min(due, LONGEST_BUFFER)):
            point = self.output_v()
            self._buffer.append((point.real, point.imag))
        self._record_start_s += due / rate_hz
        if len(self._buffer) >= LONGEST_BUFFER:
            self._buffer = self._buffer[-LONGEST_BUFFER:] if self.buffer_loops else self._buffer[:LONGEST_BUFFER]
            self._record_start_s = self._record_start_s if self.buffer_loops else None
