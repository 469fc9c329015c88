"""Stanford SR400: two gated photon counters with a preset counter as the time base.

Its inputs 1 and 2 hang on the SPADs, its trigger input on T0. A period starts at the clock's now and takes the table
as it stands then; its counts appear when somebody looks after its end. Source: SR400 manual.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from math import ceil, floor, log10
from typing import Any, Protocol

from sims.bench.clock import VirtualClock
from sims.bench.detectors import Times

COUNTERS = (0, 1, 2)  # A, B, T
CLOCK_HZ = 10_000_000
HIGHEST_PRESET = 900_000_000_000
MOST_PERIODS = 2000
SHORTEST_RETRIGGER_PS = 1_000_000
PULSE_HEIGHT_V = 2.0
"""Height of the SPADs' pulses on the cable (TTL into 50 Ω)."""
_PS_PER_S = 1e12


class Source(IntEnum):
    """What a counter counts."""

    CLOCK = 0
    INPUT_1 = 1
    INPUT_2 = 2
    TRIGGER = 3


class GateMode(IntEnum):
    """Gate of counter A or B. SCAN steps the delay from period to period and is not followed: it acts as FIXED."""

    CW = 0
    FIXED = 1
    SCAN = 2


class CountSource(Protocol):
    """What is used of the optical table."""

    def look(self) -> Any:  # noqa: ANN401 - sims.bench.table.Look
        """The table as it stands."""
        ...

    def record(self, duration_s: float, look: Any | None = None, start_ps: int | None = None) -> Mapping[int, Times]:  # noqa: ANN401
        """Detector pulses by cable number, ps from the record's start."""
        ...


@dataclass
class _Plugged:
    source: CountSource
    detectors: tuple[int, int]
    trigger: int


@dataclass
class Gate:
    """Gate of counter A or B after each trigger."""

    mode: GateMode = GateMode.CW
    delay_s: float = 0.0
    width_s: float = 5e-9


@dataclass
class Discriminator:
    """Of an input: level and slope (0 rising, 1 falling)."""

    level_v: float = 0.1
    slope: int = 0

    def sees_pulses(self) -> bool:
        """True when positive pulses cross the level."""
        return 0.0 < self.level_v < PULSE_HEIGHT_V


@dataclass
class _Scan:
    start_ps: int
    look: Any
    counts: dict[int, list[int]]


def one_digit(count: int) -> int:
    """The preset as the device keeps it: one significant digit, truncated; at least 1."""
    bounded = min(max(count, 1), HIGHEST_PRESET)
    step = 10 ** floor(log10(bounded))
    return int(bounded // step * step)


class Sr400:
    """The instrument; stopped at construction, counting inputs 1 and 2 for a second of its clock."""

    def __init__(self, clock: VirtualClock) -> None:
        self._clock = clock
        self._plugged: _Plugged | None = None
        self._scan: _Scan | None = None
        self.mode = 0
        self.inputs = {0: Source.INPUT_1, 1: Source.INPUT_2, 2: Source.CLOCK}
        self.presets = {1: 1_000, 2: CLOCK_HZ}
        self.n_periods = 1
        self.repeat = False
        self.dwell_s = 2e-3
        self.gates = {0: Gate(), 1: Gate()}
        self.discriminators = {0: Discriminator(), 1: Discriminator(), 2: Discriminator()}
        self.trigger_level_v = 0.5
        self.trigger_slope = 0

    def plug(self, source: CountSource, detectors: tuple[int, int], trigger: int) -> None:
        """Connect inputs 1 and 2 and the trigger to these cables of the table."""
        self._plugged = _Plugged(source, detectors, trigger)

    # Counting

    def start(self) -> None:
        """Start a scan of periods now (a finished one begins anew)."""
        if self._scan is not None and not self.is_finished():
            return
        look = self._plugged.source.look() if self._plugged else None
        self._scan = _Scan(round(self._clock.now_s() * _PS_PER_S), look, {0: [], 1: []})

    def stop_and_reset(self) -> None:
        """Stop and forget all counts."""
        self._scan = None

    @property
    def period_s(self) -> float:
        """Length of one count period."""
        return self.presets[2] / CLOCK_HZ

    def is_counting(self) -> bool:
        """True between the start and the end of the last period."""
        return self._scan is not None and not self.is_finished()

    def finished_periods(self) -> int:
        """Number of complete periods of the present scan."""
        if self._scan is None:
            return 0
        elapsed_s = self._clock.now_s() - self._scan.start_ps / _PS_PER_S
        step_s = self.period_s + self.dwell_s
        # The half nanosecond: a wait of exactly one period has ended it.
        return min(self.n_periods, floor((elapsed_s + self.dwell_s + 5e-10) / step_s))

    def is_finished(self) -> bool:
        """True when all periods have been counted."""
        return self._scan is not None and self.finished_periods() == self.n_periods

    def counts(self, counter: int, period: int | None = None) -> int:
        """Counts of counter 0 (A) or 1 (B) in a period (from 1; None: the last complete); -1 when there are none."""
        finished = self.finished_periods()
        wanted = finished if period is None else period
        if self._scan is None or not 1 <= wanted <= finished:
            return -1
        return self.count_ahead(counter, wanted)

    def count_ahead(self, counter: int, period: int) -> int:
        """Counts of a period (from 1) that may still run, as they will be at its end (the light stays as it is)."""
        if self._scan is None:
            return -1
        while len(self._scan.counts[0]) < period:
            self._count_next(self._scan)
        return self._scan.counts[counter][period - 1]

    def _count_next(self, scan: _Scan) -> None:
        step_ps = round((self.period_s + self.dwell_s) * _PS_PER_S)
        begin_ps = scan.start_ps + len(scan.counts[0]) * step_ps
        events: Mapping[int, Times] = {}
        if self._plugged is not None:
            events = self._plugged.source.record(self.period_s, scan.look, begin_ps)
        for counter in (0, 1):
            scan.counts[counter].append(self._gated(counter, scan, events, begin_ps))

    def _gated(self, counter: int, scan: _Scan, events: Mapping[int, Times], begin_ps: int) -> int:
        source, gate, period_ps = self.inputs[counter], self.gates[counter], round(self.period_s * _PS_PER_S)
        plugged = self._plugged
        if source is Source.CLOCK:
            return round(self.period_s * CLOCK_HZ) if gate.mode is GateMode.CW else 0
        if plugged is None:
            return 0
        train = scan.look.trains.get(plugged.trigger)
        if source is Source.TRIGGER:
            return int(train.count(begin_ps, period_ps)) if train else 0
        index = int(source) - 1
        if not self.discriminators[index].sees_pulses():
            return 0
        times = events[plugged.detectors[index]]
        if gate.mode is GateMode.CW:
            return len(times)
        if train is None:
            return 0
        # Triggers that come before the gate has closed and the counter is armed again (1 MHz) are not seen.
        delay_ps, width_ps = gate.delay_s * _PS_PER_S, gate.width_s * _PS_PER_S
        busy_ps = max(delay_ps + width_ps, SHORTEST_RETRIGGER_PS)
        seen_period_ps = train.period_ps * ceil(busy_ps / train.period_ps - 1e-9)
        since_ps = (times - train.first_after(begin_ps)) % seen_period_ps
        after_first = times >= train.first_after(begin_ps)
        return int(((since_ps >= delay_ps) & (since_ps < delay_ps + width_ps) & after_first).sum())
