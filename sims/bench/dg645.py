"""Stanford Research DG645: delay generator with four gates, triggered by the laser pulses."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum

GATE_NAMES = ("AB", "CD", "EF", "GH")
CHANNEL_NAMES = ("T0", "T1", "A", "B", "C", "D", "E", "F", "G", "H")
LONGEST_DELAY_S = 2000.0
DELAY_STEP_S = 5e-12
DEAD_TIME_S = 100e-9  # a trigger is accepted when the longest delay plus this has passed
TRIGGER_RATE_RANGE_HZ = (100e-6, 10e6)
AMPLITUDE_RANGE_V = (0.5, 5.0)
OFFSET_RANGE_V = (-2.0, 2.0)
LARGEST_PRESCALER = 32_767


class TriggerSource(IntEnum):
    """Trigger sources (the numbers on the wire)."""

    INTERNAL = 0
    EXTERNAL_RISING = 1
    EXTERNAL_FALLING = 2
    SINGLE_EXTERNAL_RISING = 3
    SINGLE_EXTERNAL_FALLING = 4
    SINGLE_SHOT = 5
    LINE = 6


@dataclass(frozen=True)
class Gate:
    """One output: ``level_v`` from ``delay_s`` after the trigger for ``width_s`` on every ``divider``-th trigger.

    Outside it stands at ``idle_v`` (not 0 V when an offset or a negative polarity is set).
    """

    delay_s: float
    width_s: float
    level_v: float
    divider: int
    idle_v: float = 0.0


@dataclass
class _Output:
    amplitude_v: float = 5.0
    offset_v: float = 0.0
    positive: bool = True


class Dg645:
    """At construction: internal trigger at 1 kHz, all delays 0 (gates of zero width), 5 V outputs."""

    def __init__(self, laser_rate_hz: Callable[[], float] = lambda: 0.0) -> None:
        """``laser_rate_hz`` gives the pulse rate at the external trigger input now."""
        self._laser_rate_hz = laser_rate_hz
        self.reset()

    def reset(self) -> None:
        """The instrument's defaults."""
        self.trigger_source = TriggerSource.INTERNAL
        self.trigger_rate_hz = 1e3
        self.trigger_level_v = 1.5
        self.advanced_triggering = False
        self.holdoff_s = 0.0
        self.prescalers = [1, 1, 1, 1, 1]  # trigger, AB, CD, EF, GH
        self.phases = [0, 0, 0, 0, 0]
        self.outputs = [_Output() for _ in range(5)]  # T0, AB, CD, EF, GH
        self._links = [0] * len(CHANNEL_NAMES)
        self._delays_s = [0.0] * len(CHANNEL_NAMES)

    def delay(self, channel: int) -> tuple[int, float]:
        """Reference channel and delay from it, s."""
        return self._links[channel], self._delays_s[channel]

    def set_delay(self, channel: int, reference: int, delay_s: float) -> None:
        """Set channel 2-9 (A-H) relative to another channel; rounded to 5 ps.

        Raises LookupError for a link that is not possible, ValueError for a delay out of 0-2000 s from T0.
        """
        movable = range(2, len(CHANNEL_NAMES))
        if channel not in movable or reference not in (0, *movable) or self._leads_to(reference, channel):
            raise LookupError(f"DG645: channel {channel} cannot be linked to {reference}")
        before = self.delay(channel)
        self._links[channel] = reference
        self._delays_s[channel] = round(delay_s / DELAY_STEP_S) * DELAY_STEP_S
        times_s = [self.time_from_trigger_s(each) for each in movable]
        if not all(0.0 <= time_s <= LONGEST_DELAY_S for time_s in times_s):
            self._links[channel], self._delays_s[channel] = before
            raise ValueError(f"DG645: delay {delay_s} s puts a channel outside 0-{LONGEST_DELAY_S:g} s")

    def _leads_to(self, reference: int, channel: int) -> bool:
        while reference > 1:
            if reference == channel:
                return True
            reference = self._links[reference]
        return False

    def time_from_trigger_s(self, channel: int) -> float:
        """Delay of a channel from T0 through its chain of references."""
        time_s = 0.0
        while channel > 1:
            time_s += self._delays_s[channel]
            channel = self._links[channel]
        return time_s

    def gates(self) -> dict[str, Gate]:
        """The four gates as they are set; a gate lasts from the earlier to the later of its two channels."""
        return {name: self._gate(number) for number, name in enumerate(GATE_NAMES, start=1)}

    def _gate(self, number: int) -> Gate:
        edges_s = sorted(self.time_from_trigger_s(2 * number + edge) for edge in (0, 1))
        output = self.outputs[number]
        levels_v = (output.offset_v + output.amplitude_v, output.offset_v)
        active_v, idle_v = levels_v if output.positive else levels_v[::-1]
        divider = self.prescalers[number] if self.advanced_triggering else 1
        width_s = round((edges_s[1] - edges_s[0]) / DELAY_STEP_S) * DELAY_STEP_S
        return Gate(edges_s[0], width_s, active_v, divider, idle_v)

    def trigger_period_s(self, laser_rate_hz: float) -> float | None:
        """Time between accepted triggers; None when nothing triggers it.

        A trigger that comes before the longest delay plus 100 ns has passed is missed, so is the next, until one
        is accepted: the period is a multiple of the trigger's own.
        """
        own_period_s = self._own_period_s(laser_rate_hz)
        if own_period_s is None:
            return None
        return own_period_s * self._triggers_per_cycle(own_period_s)

    def misses_triggers(self, laser_rate_hz: float) -> bool:
        """True when triggers come faster than the delays allow."""
        own_period_s = self._own_period_s(laser_rate_hz)
        return own_period_s is not None and self._triggers_per_cycle(own_period_s) > 1

    def has_rate_error(self) -> bool:
        """True when triggers are being missed now."""
        return self.misses_triggers(self._laser_rate_hz())

    def _own_period_s(self, laser_rate_hz: float) -> float | None:
        prescaler = self.prescalers[0] if self.advanced_triggering else 1
        if self.trigger_source is TriggerSource.INTERNAL:
            return 1.0 / self.trigger_rate_hz
        if self.trigger_source is TriggerSource.LINE:
            return prescaler / 50.0
        external = (TriggerSource.EXTERNAL_RISING, TriggerSource.EXTERNAL_FALLING)
        if self.trigger_source in external and laser_rate_hz > 0.0:
            return prescaler / laser_rate_hz
        return None

    def _triggers_per_cycle(self, own_period_s: float) -> int:
        longest_s = max(self.time_from_trigger_s(channel) for channel in range(2, len(CHANNEL_NAMES)))
        busy_s = max(longest_s + DEAD_TIME_S, self.holdoff_s if self.advanced_triggering else 0.0)
        return max(1, math.ceil(busy_s / own_period_s - 1e-9))
