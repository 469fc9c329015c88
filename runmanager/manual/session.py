"""The bench in a person's hands: guards as in a run, interlocks looked at all the time, always left in the safe state.

Begins in the safe state, as a run does. The beam shutter opens after the interlocks only; lasers are tuned behind the
closed shutter; a laser's output is opened before the shutter, never after. An interlock that opens brings the safe
state at once.
"""

import time
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from instruments.bench import Bench
from instruments.errors import BenchError, InterlockError
from instruments.interlock_watch import InterlockWatch
from instruments.interlocks import Circumstances, read_interlocks
from instruments.interlocks import Reading as InterlockReading
from instruments.roles import LockInReading, TunableLaser
from procedures.guards import GuardedShutter, guarded
from runmanager.interrupt import StoppableClock
from runmanager.manual.controls import Button, ControlError, Reading, Row, Value, arguments, shown
from runmanager.manual.role_table import REFUSED_IN_LIGHT, rows_of

LASERS = ("pulse_source", "readout_laser", "resonant_laser")
COUNTERS = ("time_tagger", "photon_counter")
LOOK_S = 2.0
"""Wall time between two looks at the interlocks."""


class OpenedInterlockError(InterlockError):
    """An interlock has opened while an act waited: the bench has to be made safe, whatever the act has left."""


class Session:
    """One bench, from its first safe state to its last. Not for several threads.

    ``while_busy`` is called again and again while an act waits.
    """

    def __init__(self, bench: Bench, clock: StoppableClock, while_busy: Callable[[], None] = lambda: None) -> None:
        self._bench, self._clock, self._while_busy = bench, clock, while_busy
        self._rows = {
            f"{role}.{row.name}": (role, row) for role in bench.roles() for row in rows_of(role, bench.role(role))
        }
        self._wanted_k: float | None = None
        self._last_look_s = -1e9
        self._looking = False
        self._hands: dict[str, Any] = {}
        self._take_hands()

    @property
    def rows(self) -> dict[str, tuple[str, Row]]:
        """All rows: "role.row" to role and row."""
        return dict(self._rows)

    def begin(self) -> None:
        """Reach the state in which a run begins. Raises UnsafeError when it is not confirmed, InterlockError."""
        self._bench.safe_state().raise_if_incomplete()
        self._watch().before_run()
        self._clock.watch = self._in_a_wait

    def act(self, key: str, verb: str, values: Mapping[str, Value]) -> str:
        """Press a button; what was read back.

        Raises ControlError or BenchError when it is refused or fails; OpenedInterlockError when the bench has to be
        made safe; StoppedError out of a wait.
        """
        role, row, button = self._button(key, verb)
        keywords = arguments(row, button, values)
        if button.method in REFUSED_IN_LIGHT and self._bench.has_role("shutter"):
            self._refuse_in_light(row)
        answer = getattr(self._hands[role], button.method)(**keywords)
        if button.method == "set_temperature":
            self._wanted_k = float(keywords["target_k"])
        return _answer(answer, row, button)

    def read(self, key: str) -> tuple[str, dict[str, float]]:
        """One reading as text, and count rates in counts per second (empty for other readings). Raises BenchError."""
        role, row = self._rows[key]
        if row.reading is None:
            raise ControlError(f"{row.label}: there is nothing to read")
        player = self._bench.role(role)
        if row.reading.channels:
            return self._rates(player, row.reading)
        value = getattr(player, row.reading.method)()
        value = True if value is None else value  # a check that did not raise
        return shown(value, row.reading.unit, row.reading.factor, row.reading.words), {}

    def look(self, *, now: bool = False) -> bool:
        """Look at the interlocks, if the last look is old enough; whether it was. BenchError: make the bench safe."""
        due = now or time.monotonic() - self._last_look_s >= LOOK_S
        if due:
            self._looked(lambda watch: watch.at_checkpoint())
        return due

    def interlocks(self) -> tuple[InterlockReading, ...]:
        """All interlocks as they stand; detectors are not asked. Changes nothing, raises nothing of a bench."""
        roles = {role: self._bench.role(role) for role in self._bench.roles()}
        return read_interlocks(roles, self._bench.limits, Circumstances(resting=False))

    def make_safe(self) -> str:
        """Reach the safe state, whatever was asked; "" when confirmed, else what to do by hand."""
        self._clock.armed = False
        try:
            report = self._bench.safe_state()
        finally:
            self._clock.armed = True
        self._take_hands()
        return report.instructions

    def _button(self, key: str, verb: str) -> tuple[str, Row, Button]:
        if key not in self._rows:
            raise ControlError(f"there is no '{key}' on this bench; roles are {', '.join(self._bench.roles())}")
        role, row = self._rows[key]
        return role, row, row.button(verb)

    def _take_hands(self) -> None:
        """Guarded shutter and lasers; the rest as it is. The guards start from a closed shutter."""
        self._hands = {role: self._bench.role(role) for role in self._bench.roles()}
        if "shutter" not in self._hands:
            return
        shutter = GuardedShutter(self._hands["shutter"], self._before_light)
        self._hands["shutter"] = shutter
        for role in ("readout_laser", "resonant_laser"):
            if isinstance(self._hands.get(role), TunableLaser):
                self._hands[role] = guarded(self._hands[role], shutter)

    def _refuse_in_light(self, row: Row) -> None:
        if self._bench.role("shutter").is_open():
            raise InterlockError(
                f"{row.label}: the beam shutter is open; close it first, open the laser, then open the shutter: "
                "light comes last, after the interlocks"
            )

    def _before_light(self) -> None:
        self._looked(lambda watch: watch.before_light())

    def _in_a_wait(self) -> None:
        """Called by the clock during every wait, also during those of a look itself."""
        self._while_busy()
        if not self._looking and time.monotonic() - self._last_look_s >= LOOK_S:
            try:
                self._looked(lambda watch: watch.while_waiting())
            except InterlockError as error:
                raise OpenedInterlockError(str(error)) from error

    def _looked(self, how: Callable[[InterlockWatch], None]) -> None:
        self._looking = True
        try:
            how(self._watch())
        finally:
            self._looking = False
            self._last_look_s = time.monotonic()

    def _watch(self) -> InterlockWatch:
        """Watches the lasers that are open now, what is watched always, and the detectors."""
        needs = [role for role in LASERS if self._bench.has_role(role) and self._may_shine(role)]
        watch = InterlockWatch(self._bench, [*needs, *COUNTERS])
        watch.wanted_k = self._wanted_k
        return watch

    def _may_shine(self, role: str) -> bool:
        try:
            return bool(self._bench.role(role).output_is_open())
        except BenchError:
            return True

    def _rates(self, player: Any, reading: Reading) -> tuple[str, dict[str, float]]:  # noqa: ANN401 - plays a role
        detectors = self._bench.wiring.tagger.detectors
        rates = getattr(player, reading.method)(detectors)
        named = {f"detector {detectors.index(channel) + 1}": float(rate) for channel, rate in rates.items()}
        return ", ".join(f"{name}: {rate:,.0f} {reading.unit}" for name, rate in named.items()), named


def _answer(answer: Any, row: Row, button: Button) -> str:  # noqa: ANN401 - whatever a role's method returns
    """What a button tells: a spectrum by its brightest pixel and its sum, a signal by its parts."""
    if isinstance(answer, np.ndarray):
        brightest, total = f"{answer.max():.4g} at pixel {int(answer.argmax())}", f"{answer.sum():.5g}"
        return f"{row.label}: brightest {brightest}, sum {total} {button.result_unit}"
    if isinstance(answer, LockInReading):
        return f"{row.label}: {answer.x_v:.4g} V in phase, {answer.y_v:.4g} V in quadrature"
    if answer is None:
        return f"{row.label}: {button.verb.lower()}: confirmed"
    return f"{row.label}: {shown(answer, button.result_unit, button.result_factor)}"
