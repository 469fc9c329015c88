"""Montana Cryostation: closed-cycle cryostat with the sample on a heated stage."""

import math
from enum import Enum

from sims.bench.clock import VirtualClock

SETPOINT_RANGE_K = (2.0, 350.0)
ROOM_K = 295.0
BASE_K = 3.2
_SETTLING_S = 40.0
_WARM_UP_S = 1800.0
_RESIDUAL_K = 0.003


class CryostatMode(Enum):
    """What the cryostat has been told to do."""

    COOLING = "cooling"
    WARMING = "warming"
    STANDBY = "standby"


class Cryostation:
    """Cold and settled at 4 K, set to 4 K, at construction.

    The stage follows its setpoint exponentially (40 s), or the warm-up (half an hour).
    """

    def __init__(self, clock: VirtualClock) -> None:
        self._clock = clock
        self._setpoint_k = 4.0
        self._mode = CryostatMode.COOLING
        self._from_k = 4.0
        self._from_s = 0.0
        self._goal_k = 4.0
        self._time_constant_s = _SETTLING_S
        self.alarm = False
        self.sample_sensor_connected = True

    @property
    def mode(self) -> CryostatMode:
        """What it is doing."""
        return self._mode

    @property
    def setpoint_k(self) -> float:
        """Temperature it is set to."""
        return self._setpoint_k

    def set_setpoint(self, temperature_k: float) -> None:
        """Set the temperature, 2-350 K (ValueError beyond)."""
        low_k, high_k = SETPOINT_RANGE_K
        if not low_k <= temperature_k <= high_k:
            raise ValueError(f"Cryostation: {temperature_k} K is not between {low_k} and {high_k} K")
        self._setpoint_k = temperature_k
        if self._mode is CryostatMode.COOLING:
            self._head_for(max(temperature_k, BASE_K), _SETTLING_S)

    def cool_down(self) -> None:
        """Cool to the setpoint (not below the base temperature) and hold it."""
        self._mode = CryostatMode.COOLING
        self._head_for(max(self._setpoint_k, BASE_K), _SETTLING_S)

    def warm_up(self) -> None:
        """Warm to room temperature."""
        self._mode = CryostatMode.WARMING
        self._head_for(ROOM_K, _WARM_UP_S)

    def standby(self) -> None:
        """Compressor off, heaters off: it drifts up."""
        self._mode = CryostatMode.STANDBY
        self._head_for(ROOM_K, 10.0 * _WARM_UP_S)

    def stop(self) -> None:
        """Stop automatic operation: the same drift."""
        self.standby()

    def _head_for(self, goal_k: float, time_constant_s: float) -> None:
        self._from_k, self._from_s = self.sample_temperature_k(), self._clock.now_s()
        self._goal_k, self._time_constant_s = goal_k, time_constant_s

    def _distance_k(self) -> float:
        elapsed_s = self._clock.now_s() - self._from_s
        return (self._from_k - self._goal_k) * math.exp(-elapsed_s / self._time_constant_s)

    def sample_temperature_k(self) -> float:
        """Temperature of the sample now."""
        return self._goal_k + self._distance_k()

    def sample_stability_k(self) -> float:
        """Stability: change of the sample temperature within ten seconds, never below the sensor's 3 mK."""
        drift_k = abs(self._distance_k()) * (math.exp(10.0 / self._time_constant_s) - 1.0)
        return max(_RESIDUAL_K, drift_k)

    def platform_temperature_k(self) -> float:
        """The platform stays at base temperature, or follows the sample when that is warm."""
        return BASE_K + 0.05 * (self.sample_temperature_k() - BASE_K)

    def stage_temperatures_k(self) -> tuple[float, float]:
        """First and second stage of the cold head."""
        sample_k = self.sample_temperature_k()
        return 32.0 + 0.1 * (sample_k - BASE_K), 3.0 + 0.02 * (sample_k - BASE_K)
