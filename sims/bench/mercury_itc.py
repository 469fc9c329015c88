"""Oxford Instruments MercuryiTC: temperature controller on the sample stage, and a thermometer at the magnet.

The controller sits on the same stage as the Cryostation's own. It takes the stage over with the first setting made
on it; until then its sensor only shows what the Cryostation does.
"""

import math
from collections.abc import Callable

from sims.bench.clock import VirtualClock
from sims.bench.cryostation import BASE_K

HIGHEST_SETPOINT_K = 2000.0
HIGHEST_STAGE_K = 350.0
_SETTLING_S = 40.0
_KELVIN_PER_PERCENT = 3.0
_WATT_PER_KELVIN = 0.02


class MercuryItc:
    """At construction: control loop off, setpoint 4 K, heater at 0 %, no ramp.

    ``stage_temperature_k`` says how warm the stage is while this controller leaves it alone. The stage follows the
    controller's working setpoint with a time constant of 40 s.
    """

    def __init__(self, clock: VirtualClock, stage_temperature_k: Callable[[], float]) -> None:
        self._clock = clock
        self._stage_temperature_k = stage_temperature_k
        self._setpoint_k = 4.0
        self._loop_on = False
        self._heater_percent = 0.0
        self._ramp_on = False
        self._ramp_k_per_min = 5.0
        self.pid = {"P": 20.0, "I": 1.0, "D": 0.0}
        self.heater_voltage_limit_v = 40.0
        self.heater_resistance_ohm = 25.0
        self.magnet_temperature_k = 4.2
        self.sample_sensor_connected = True
        self.alarms = ""
        self.is_in_control = False
        self._from_k, self._from_s, self._goal_k, self._ramp_k_per_s = 4.0, 0.0, 4.0, 0.0

    # --- temperatures -------------------------------------------------------------------------------------------

    def sample_temperature_k(self) -> float:
        """Temperature of the stage now."""
        if not self.is_in_control:
            return self._stage_temperature_k()
        elapsed_s = self._clock.now_s() - self._from_s
        distance_k = self._goal_k - self._from_k
        ramp_s = abs(distance_k) / self._ramp_k_per_s if self._ramp_k_per_s > 0.0 else 0.0
        # A first-order lag behind a ramp, then behind a constant.
        on_ramp_s = min(elapsed_s, ramp_s)
        lagging_s = on_ramp_s + _SETTLING_S * math.expm1(-on_ramp_s / _SETTLING_S)
        reached_k = self._from_k + (distance_k / ramp_s * lagging_s if ramp_s > 0.0 else 0.0)
        if elapsed_s <= ramp_s:
            return reached_k
        return self._goal_k + (reached_k - self._goal_k) * math.exp(-(elapsed_s - ramp_s) / _SETTLING_S)

    def heater_power_w(self) -> float:
        """Power that keeps the stage where it is."""
        return max(0.0, _WATT_PER_KELVIN * (self.sample_temperature_k() - BASE_K)) if self.is_in_control else 0.0

    def heater_voltage_v(self) -> float:
        """Voltage across the heater."""
        return math.sqrt(self.heater_power_w() * self.heater_resistance_ohm)

    # --- settings -----------------------------------------------------------------------------------------------

    @property
    def setpoint_k(self) -> float:
        """Temperature the loop regulates to."""
        return self._setpoint_k

    @property
    def loop_on(self) -> bool:
        """True when the loop drives the heater, False when the manual percentage does."""
        return self._loop_on

    @property
    def heater_percent(self) -> float:
        """Manual heater output."""
        return self._heater_percent

    @property
    def ramp_on(self) -> bool:
        """True when the working setpoint moves at the ramp rate."""
        return self._ramp_on

    @property
    def ramp_k_per_min(self) -> float:
        """Ramp rate."""
        return self._ramp_k_per_min

    def set_setpoint(self, temperature_k: float) -> None:
        """Set the setpoint, 0-2000 K (ValueError beyond)."""
        self._within("setpoint", temperature_k, HIGHEST_SETPOINT_K, "K")
        self._setpoint_k = temperature_k
        self._take_over()

    def set_loop(self, on: bool) -> None:
        """Switch the loop on or off."""
        self._loop_on = on
        self._take_over()

    def set_heater(self, percent: float) -> None:
        """Set the manual output, 0-100 % (ValueError beyond)."""
        self._within("heater", percent, 100.0, "%")
        self._heater_percent = percent
        self._take_over()

    def set_ramp(self, on: bool) -> None:
        """Switch the ramp on or off."""
        self._ramp_on = on
        self._take_over()

    def set_ramp_rate(self, rate_k_per_min: float) -> None:
        """Set the ramp rate, 0-100000 K/min (ValueError beyond); 0 is no ramp."""
        self._within("ramp rate", rate_k_per_min, 1e5, "K/min")
        self._ramp_k_per_min = rate_k_per_min
        self._take_over()

    def _within(self, what: str, value: float, highest: float, unit: str) -> None:
        if not 0.0 <= value <= highest:
            raise ValueError(f"MercuryiTC: {what} {value} {unit} is not between 0 and {highest:g} {unit}")

    def _take_over(self) -> None:
        """From now on the stage follows this controller, from the temperature it has."""
        self._from_k, self._from_s = self.sample_temperature_k(), self._clock.now_s()
        heated_k = self._setpoint_k if self._loop_on else BASE_K + _KELVIN_PER_PERCENT * self._heater_percent
        self._goal_k = min(max(heated_k, BASE_K), HIGHEST_STAGE_K)
        self._ramp_k_per_s = self._ramp_k_per_min / 60.0 if self._ramp_on and self._loop_on else 0.0
        self.is_in_control = True
