"""The SR400's command set: two letters and values joined by commas; the same letters without the value ask.

Source: SR400 gated photon counter manual, remote programming. Replies end with CR LF.
"""

from collections.abc import Callable, Sequence

from sims.bench.sr400 import HIGHEST_PRESET, MOST_PERIODS, GateMode, Source, Sr400, one_digit
from sims.wire.line import Device, Reply, serial
from sims.wire.values import RefusedError, number, whole

LONGEST_GATE_S = 0.9992
LONGEST_FAST_SCAN_S = 3600.0
"""FA and FB work a scan out when it starts; longer ones are refused, which the device does not do."""
_STEP_V = 0.0002
FINISHED_COUNT, FINISHED_SCAN, COMMAND_ERROR = 1, 2, 7
_COUNTING = 2

Getter = Callable[[Sequence[str]], str]
Setter = Callable[[Sequence[str]], None]


class Sr400Wire(Device):
    """Errors set bit 7 of the status byte that ``SS`` reads and clears; they are answered by nothing."""

    speed = serial(9600)

    def __init__(self, counter: Sr400) -> None:
        self._counter = counter
        self._command_error = False
        self._told_periods = 0
        self._commands = self._table()

    def answer(self, message: bytes) -> Sequence[Reply]:
        """Carry out the commands of one line (joined by ``;``)."""
        replies: list[Reply] = []
        for command in message.decode("ascii", "replace").split(";"):
            stripped = command.strip().upper()
            if not stripped:
                continue
            try:
                replies += [Reply(f"{text}\r\n".encode("ascii"), delay_s) for text, delay_s in self._run(stripped)]
            except RefusedError:
                self._command_error = True
        return replies

    def _run(self, command: str) -> list[tuple[str, float]]:
        word, arguments = command[:2], [part.strip() for part in command[2:].split(",") if part.strip()]
        if word in ("FA", "FB"):
            return self._fast(0 if word == "FA" else 1)
        if word in ("EA", "EB"):
            counter = 0 if word == "EA" else 1
            finished = range(1, self._counter.finished_periods() + 1)
            return [(str(self._counter.counts(counter, period)), 0.0) for period in finished]
        if word not in self._commands:
            raise RefusedError("command")
        n_index, getter, setter = self._commands[word]
        if len(arguments) == n_index and getter is not None:
            return [(getter(arguments), 0.0)]
        if len(arguments) == n_index + 1 and setter is not None:
            setter(arguments)
            return []
        if word in ("QA", "QB", "SS", "SI") and len(arguments) == 1 and getter is not None:
            return [(getter(arguments), 0.0)]
        if word in ("CS", "CH", "CR", "CL") and not arguments and setter is not None:
            setter(arguments)
            return []
        raise RefusedError("arguments")

    def _fast(self, which: int) -> list[tuple[str, float]]:
        """Start a scan; every count is sent when its period has ended. The device answers nothing else meanwhile."""
        counter = self._counter
        if counter.n_periods * (counter.period_s + counter.dwell_s) > LONGEST_FAST_SCAN_S:
            raise RefusedError("too long to be simulated")
        counter.stop_and_reset()
        counter.start()
        # The light does not change during the scan: it is looked at when it starts.
        step_s = counter.period_s + counter.dwell_s
        return [
            (str(counter.count_ahead(which, period)), period * step_s - counter.dwell_s)
            for period in range(1, counter.n_periods + 1)
        ]

    def _table(self) -> dict[str, tuple[int, Getter | None, Setter | None]]:
        """Word → (number of indices before the value, how to read, how to set)."""
        c = self._counter
        return {
            "CM": (0, lambda _: str(c.mode), self._plain("mode", 0, 3)),
            "CI": (1, lambda a: str(int(c.inputs[_index(a[0], 2)])), self._set_input),
            "CP": (1, lambda a: f"{c.presets[_index(a[0], 2, low=1)]:.0E}", self._set_preset),
            "NP": (0, lambda _: str(c.n_periods), self._plain("n_periods", 1, MOST_PERIODS)),
            "NN": (0, lambda _: str(c.finished_periods()), None),
            "NE": (0, lambda _: str(int(c.repeat)), self._plain("repeat", 0, 1)),
            "DT": (0, lambda _: f"{c.dwell_s:.4g}", self._set_dwell),
            "DL": (1, lambda a: f"{c.discriminators[_index(a[0], 2)].level_v:.4f}", self._set_level),
            "DS": (1, lambda a: str(c.discriminators[_index(a[0], 2)].slope), self._set_slope),
            "TL": (0, lambda _: f"{c.trigger_level_v:.3f}", self._set_trigger_level),
            "TS": (0, lambda _: str(c.trigger_slope), self._plain("trigger_slope", 0, 1)),
            "GM": (1, lambda a: str(int(c.gates[_index(a[0], 1)].mode)), self._set_gate_mode),
            "GD": (1, lambda a: f"{c.gates[_index(a[0], 1)].delay_s:.10g}", self._set_gate_delay),
            "GW": (1, lambda a: f"{c.gates[_index(a[0], 1)].width_s:.10g}", self._set_gate_width),
            "CS": (0, None, lambda _: c.start()),
            "CH": (0, None, lambda _: c.stop_and_reset()),
            "CR": (0, None, lambda _: self._reset()),
            "CL": (0, None, lambda _: self._clear()),
            "QA": (0, lambda a: str(c.counts(0, _period(a))), None),
            "QB": (0, lambda a: str(c.counts(1, _period(a))), None),
            "XA": (0, lambda _: str(max(0, c.counts(0))), None),
            "XB": (0, lambda _: str(max(0, c.counts(1))), None),
            "SS": (0, self._status, None),
            "SI": (0, lambda _: str(c.is_counting() << _COUNTING), None),
        }

    def _plain(self, name: str, low: int, high: int) -> Setter:
        return lambda arguments: setattr(self._counter, name, whole(arguments[0], low, high))

    def _reset(self) -> None:
        self._counter.stop_and_reset()
        self._told_periods = 0

    def _clear(self) -> None:
        self._reset()
        self._command_error = False

    def _status(self, arguments: Sequence[str]) -> str:
        """Bit 1 a period has ended since the last look, bit 2 the scan has ended, bit 7 command error."""
        finished = self._counter.finished_periods()
        new = finished > self._told_periods
        done = new and self._counter.is_finished()
        byte = new << FINISHED_COUNT | done << FINISHED_SCAN | self._command_error << COMMAND_ERROR
        if arguments:
            bit = whole(arguments[0], 0, 7)
            byte = byte >> bit & 1
        self._command_error = False
        self._told_periods = finished
        return str(byte)

    def _set_input(self, arguments: Sequence[str]) -> None:
        index, source = _index(arguments[0], 2), whole(arguments[1], 0, 3)
        if index == 2 and source != Source.CLOCK:
            raise RefusedError("only the clock as time base is simulated")
        self._counter.inputs[index] = Source(source)

    def _set_preset(self, arguments: Sequence[str]) -> None:
        count = number(arguments[1])
        if not 1.0 <= count <= HIGHEST_PRESET:
            raise RefusedError("out_of_range")
        self._counter.presets[_index(arguments[0], 2, low=1)] = one_digit(int(count))

    def _set_dwell(self, arguments: Sequence[str]) -> None:
        self._counter.dwell_s = _within(arguments[0], 2e-3, 60.0)

    def _set_level(self, arguments: Sequence[str]) -> None:
        level_v = round(_within(arguments[1], -0.3, 0.3) / _STEP_V) * _STEP_V
        self._counter.discriminators[_index(arguments[0], 2)].level_v = level_v

    def _set_slope(self, arguments: Sequence[str]) -> None:
        self._counter.discriminators[_index(arguments[0], 2)].slope = whole(arguments[1], 0, 1)

    def _set_trigger_level(self, arguments: Sequence[str]) -> None:
        self._counter.trigger_level_v = round(_within(arguments[0], -2.0, 2.0), 3)

    def _set_gate_mode(self, arguments: Sequence[str]) -> None:
        self._counter.gates[_index(arguments[0], 1)].mode = GateMode(whole(arguments[1], 0, 2))

    def _set_gate_delay(self, arguments: Sequence[str]) -> None:
        self._counter.gates[_index(arguments[0], 1)].delay_s = _four_digits(_within(arguments[1], 0.0, LONGEST_GATE_S))

    def _set_gate_width(self, arguments: Sequence[str]) -> None:
        width_s = _four_digits(_within(arguments[1], 5e-9, LONGEST_GATE_S))
        self._counter.gates[_index(arguments[0], 1)].width_s = width_s


def _index(text: str, high: int, low: int = 0) -> int:
    return whole(text, low, high)


def _period(arguments: Sequence[str]) -> int | None:
    return whole(arguments[0], 1, MOST_PERIODS) if arguments else None


def _within(text: str, low: float, high: float) -> float:
    value = number(text)
    if not low <= value <= high:
        raise RefusedError("out_of_range")
    return value


def _four_digits(time_s: float) -> float:
    """Gate times are kept to four significant digits, and not finer than a nanosecond."""
    return round(float(f"{time_s:.3e}"), 9)
