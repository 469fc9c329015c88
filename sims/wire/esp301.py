"""The ESP301's command set: axis number, two letters, value; errors wait in a buffer that ``TB?`` and ``TE?`` empty.

Source: ESP301 motion controller user's manual, remote mode commands and error messages.
"""

import re
from collections.abc import Callable, Sequence

from sims.bench.esp301 import AXES, HIGHEST_VELOCITY, Esp301, RotationStage, StageError
from sims.wire.line import Device, Reply, serial
from sims.wire.values import RefusedError, number, whole

_COMMAND = re.compile(r"\s*(\d{0,3})\s*([A-Za-z]{2})\s*(\?|[^?]*)\s*", re.ASCII)
NO_COMMAND, OUT_OF_RANGE, BAD_AXIS, NO_AXIS, NO_PARAMETER = 6, 7, 9, 37, 38
_MESSAGES = {
    0: "NO ERROR DETECTED",
    NO_COMMAND: "COMMAND DOES NOT EXIST",
    OUT_OF_RANGE: "PARAMETER OUT OF RANGE",
    BAD_AXIS: "AXIS NUMBER OUT OF RANGE",
    NO_AXIS: "AXIS NUMBER MISSING",
    NO_PARAMETER: "COMMAND PARAMETER MISSING",
}
_AXIS_MESSAGES = {
    1: "PARAMETER OUT OF RANGE",
    6: "POSITIVE SOFTWARE LIMIT EXCEEDED",
    7: "NEGATIVE SOFTWARE LIMIT EXCEEDED",
    13: "MOTOR NOT ENABLED",
}
_FARTHEST_DEG = 1e6
_WAITS = ("WS", "WP")
"""Wait for the stop, wait for a position: both until the move ends. ``WP`` holds what later lines ask as well, for
clients rely on it; behind ``WS`` they poll, so it holds its own line only."""
_COURTESIES = {"*OPC?": "1", "*STB?": "0", "*OPT?": "0", "SYST:ERR?": '0,"No error"'}
"""Common queries that the manual does not list; clients that ask every instrument for them expect some answer."""


class Esp301Wire(Device):
    """Lines end with CR (LF is tolerated), several commands join with ``;``; replies end with CR LF."""

    speed = serial(921_600)

    def __init__(self, controller: Esp301) -> None:
        self._controller = controller
        self._waits_s = 0.0
        self._held: set[int] = set()

    def answer(self, message: bytes) -> Sequence[Reply]:
        """Carry out the commands of one line.

        What is asked behind ``WS`` is answered when the axis has stopped, with what is true then. A move behind it
        begins at once, where the real controller would wait.
        """
        stages = self._controller.axes
        self._held = {axis for axis in self._held if stages[axis].remaining_s() > 0.0}
        self._waits_s = max((stages[axis].remaining_s() for axis in self._held), default=0.0)
        replies = []
        for command in message.decode("ascii", "replace").split(";"):
            if not command.strip():
                continue
            text = self._carried_out(command)
            if text is not None:
                replies.append(Reply(text.encode("ascii") + b"\r\n", self._waits_s))
        return replies

    def _carried_out(self, command: str) -> str | None:
        common = command.strip().upper()
        if common == "*IDN?":
            return self._controller.identity
        if common in _COURTESIES:
            return _COURTESIES[common]
        match = _COMMAND.fullmatch(command)
        if match is None:
            self._controller.note_error(NO_COMMAND)
            return None
        axis_text, word, value = match[1], match[2].upper(), match[3].strip()
        if word in _COMMON:
            return _COMMON[word](self._controller)
        if word not in _AXIS_READINGS and word not in _AXIS_ACTIONS and word not in _WAITS:
            self._controller.note_error(NO_COMMAND)
            return None
        if not axis_text or int(axis_text) not in AXES:
            self._controller.note_error(BAD_AXIS if axis_text else NO_AXIS)
            return None
        axis = int(axis_text)
        stage = self._controller.axes[axis]
        if word in _AXIS_READINGS and (value == "?" or word == "TP"):
            return _AXIS_READINGS[word](stage, self._waits_s)
        if word in _WAITS:
            self._waits_s = max(self._waits_s, stage.remaining_s())
            if word == "WP":
                self._held.add(axis)
            return None
        self._act(axis, stage, word, value)
        return None

    def _act(self, axis: int, stage: RotationStage, word: str, value: str) -> None:
        try:
            _AXIS_ACTIONS[word](stage, value)
        except StageError as error:
            self._controller.note_error(100 * axis + error.fault)
        except (RefusedError, KeyError):
            self._controller.note_error(100 * axis + 1 if value else NO_PARAMETER)


def _next_error(controller: Esp301) -> tuple[int, int]:
    return controller.errors.popleft() if controller.errors else (0, 0)


def _error_line(controller: Esp301) -> str:
    code, time_ms = _next_error(controller)
    text = _AXIS_MESSAGES[code % 100] if code >= 100 else _MESSAGES[code]
    prefix = f"AXIS-{code // 100} " if code >= 100 else ""
    return f"{code}, {time_ms}, {prefix}{text}"


def _abort(controller: Esp301) -> None:
    controller.abort()


def _bounded(value: str) -> float:
    reading = number(value)
    if abs(reading) > _FARTHEST_DEG:
        raise RefusedError("out_of_range")
    return reading


def _set_velocity(stage: RotationStage, value: str) -> None:
    velocity = _bounded(value)
    if not 0.0 < velocity <= HIGHEST_VELOCITY:
        raise RefusedError("out_of_range")
    stage.velocity_deg_per_s = velocity


def _set_lower(stage: RotationStage, value: str) -> None:
    stage.lower_limit_deg = min(_bounded(value), 0.0)


def _set_upper(stage: RotationStage, value: str) -> None:
    stage.upper_limit_deg = max(_bounded(value), 0.0)


def _set_units(stage: RotationStage, value: str) -> None:
    stage.units = whole(value, 0, 11)


def _search_home(stage: RotationStage, value: str) -> None:
    whole(value or "0", 0, 6)
    stage.search_home()


_COMMON: dict[str, Callable[[Esp301], str | None]] = {
    "TB": _error_line,
    "TE": lambda controller: str(_next_error(controller)[0]),
    "VE": lambda controller: controller.identity,
    "AB": _abort,
}
_AXIS_READINGS: dict[str, Callable[[RotationStage, float], str]] = {
    "TP": lambda stage, ahead_s: f"{stage.position_deg(ahead_s):.4f}",
    "PA": lambda stage, _: f"{stage.target_deg():.4f}",
    "MD": lambda stage, ahead_s: str(int(not stage.is_moving(ahead_s))),
    "MO": lambda stage, _: str(int(stage.motor_on)),
    "MF": lambda stage, _: str(int(stage.motor_on)),
    "SL": lambda stage, _: f"{stage.lower_limit_deg:.4f}",
    "SR": lambda stage, _: f"{stage.upper_limit_deg:.4f}",
    "SN": lambda stage, _: str(stage.units),
    "VA": lambda stage, _: f"{stage.velocity_deg_per_s:.4f}",
    "ID": lambda stage, _: "PR50CC, SN1234",
}
_AXIS_ACTIONS: dict[str, Callable[[RotationStage, str], None]] = {
    "PA": lambda stage, value: stage.move_to(_bounded(value)),
    "PR": lambda stage, value: stage.move_to(stage.position_deg() + _bounded(value)),
    "OR": _search_home,
    "DH": lambda stage, value: stage.define_position(_bounded(value or "0")),
    "ST": lambda stage, value: stage.stop(),
    "MO": lambda stage, value: stage.set_motor(True),
    "MF": lambda stage, value: stage.set_motor(False),
    "SL": _set_lower,
    "SR": _set_upper,
    "SN": _set_units,
    "VA": _set_velocity,
}
