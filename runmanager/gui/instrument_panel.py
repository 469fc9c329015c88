"""The instrument panel: the state of every role; manual control when nothing runs; SAFE STATE always."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QEventLoop, QProcess, Qt, QTimer, Signal  # noqa: TID253 - imported late
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QSplitter, QVBoxLayout, QWidget  # noqa: TID253

from runmanager.assemble import read_station
from runmanager.errors import BadInputError
from runmanager.gui.control_panel import ControlPanel
from runmanager.gui.count_strip import CountStrip
from runmanager.gui.instrument_model import BenchModel, Mode
from runmanager.gui.role_table_view import RoleTableView
from runmanager.gui.theme import colours, restyle
from runmanager.manual import messages
from runmanager.manual.client import LEAVE_S, ManualClient, start
from runmanager.queue.events import BenchStatus, CountRates, Event, Finished, Hello, Started

POLL_MS = 50
MANUAL_ENTRY = -1
"""Entry number of the count rates that no run has counted."""

Starter = Callable[..., ManualClient]
_HINTS = {
    Mode.IDLE: "Nothing runs. Connect takes the bench into your hands; it begins and ends in the safe state.",
    Mode.CONNECTING: "Connecting, and bringing the bench into the safe state …",
    Mode.MANUAL: "The bench is in your hands. Interlocks and limits hold as in a run.",
    Mode.LEAVING: "Reaching the safe state …",
    Mode.RUN: "A run has the bench: values as of its last checkpoint. SAFE STATE aborts it and keeps its data.",
}


class InstrumentPanel(QWidget):
    """Give it every event of the queue, and the station that Connect shall connect to.

    ``abort_requested``: SAFE STATE was pressed while a run goes on. ``message``: for the status bar. ``unsafe``: the
    safe state is not confirmed; the text says what to do by hand.
    """

    abort_requested = Signal()
    message = Signal(str)
    unsafe = Signal(str)

    def __init__(self, parent: QWidget | None = None, *, starter: Starter = start) -> None:
        """``starter``: how manual control is started (as ``manual.client.start``)."""
        super().__init__(parent)
        self._starter = starter
        self._client: ManualClient | None = None
        self._station: Path | None = None
        self._twin, self._sample = True, ""
        self._asked: tuple[Path | None, bool, int] | None = None
        self._model = BenchModel()
        self._mode = Mode.IDLE
        self._busy = self._run_waits = False
        self._rescue: QProcess | None = None
        self._timer = QTimer(self)
        self._timer.setInterval(POLL_MS)
        self._timer.timeout.connect(self._poll)
        self._make_layout()
        self.set_station(None, twin=True, sample=None)
        self._show_mode()

    # What the outside uses

    @property
    def mode(self) -> Mode:
        """Who has the bench."""
        return self._mode

    @property
    def model(self) -> BenchModel:
        """What is known of the bench."""
        return self._model

    @property
    def answer(self) -> str:
        """The last answer or refusal, as shown."""
        return self._answer.text()

    @property
    def controls(self) -> ControlPanel:
        """The rows of manual control."""
        return self._controls

    @property
    def table(self) -> RoleTableView:
        """The table of the roles."""
        return self._table

    def set_station(self, station: Path | None, *, twin: bool, sample: str | None) -> None:
        """What Connect would connect to; a station file that cannot be read is told, and nothing can be connected."""
        self._station, self._twin, self._sample = station, twin, sample or ""
        asked = (station, twin, _changed_at(station))
        if asked == self._asked:  # reading the file takes some 50 ms: not at every keystroke in the form
            return
        self._asked = asked
        try:
            self._roles: dict[str, str] | None = dict(read_station(station, twin=twin).roles)
        except BadInputError as error:
            self._roles = None
            self._tell(str(error), bad=True)
        self._show_station()
        self._show_mode()

    def show_event(self, event: Event) -> None:
        """Take one event of the queue."""
        if isinstance(event, Started) or (isinstance(event, Hello) and event.entry_id is not None):
            self._run_begins()
        elif isinstance(event, Finished):
            self._run_ended()
        elif isinstance(event, BenchStatus) and self._mode is not Mode.MANUAL:
            self._model.take_status(event)
            self._table.show_lines(self._model.lines)

    def connect_bench(self) -> None:
        """Begin manual control of the station."""
        if self._mode is not Mode.IDLE or self._roles is None:
            return
        self._tell("", bad=False)
        self._strip.clear()
        try:
            self._client = self._starter(
                self._station, twin=self._twin, sample=self._sample or None, without=self._table.left_out()
            )
        except OSError as error:
            self._tell(f"manual control cannot be started ({error})", bad=True)
            return
        self._set_mode(Mode.CONNECTING)
        self._timer.start()

    def disconnect_bench(self) -> None:
        """End manual control in the safe state; it takes as long as the safe state takes."""
        if self._client is not None:
            self._client.leave()
            self._set_mode(Mode.LEAVING)

    def release_bench(self, timeout_s: float = LEAVE_S) -> bool:
        """End manual control and wait for it, with the window alive; whether the bench is free. Call before a run."""
        self.disconnect_bench()
        loop = QEventLoop()
        watch = QTimer()
        watch.setInterval(POLL_MS)
        watch.timeout.connect(lambda: loop.quit() if self._client is None else None)
        QTimer.singleShot(round(timeout_s * 1000), loop, loop.quit)
        watch.start()
        if self._client is not None:
            loop.exec()
        watch.stop()
        return self._client is None

    def shutdown(self) -> None:
        """The window closes: end manual control in the safe state and wait for it."""
        self.release_bench()
        self._timer.stop()
        if self._rescue is not None:
            self._rescue.waitForFinished(round(LEAVE_S * 1000))

    def press_safe_state(self) -> None:
        """SAFE STATE: of manual control, of a run (which is aborted), or of a bench that nobody has."""
        if self._mode is Mode.RUN:
            self._tell("aborting the run: it reaches the safe state and keeps its data …", bad=False)
            self.abort_requested.emit()
        elif self._client is not None:
            self._tell("safe state …", bad=False)
            self._client.make_safe()
        else:
            self._rescue_bench()

    # Inside

    def _make_layout(self) -> None:
        self._safe = QPushButton("SAFE STATE")
        font = self._safe.font()
        font.setBold(True)
        font.setPointSizeF(font.pointSizeF() * 1.3)
        self._safe.setFont(font)
        self._safe.setStyleSheet(
            "QPushButton { background: #b3261e; color: white; padding: 10px 22px; border-radius: 4px; }"
            "QPushButton:hover { background: #c9372f; } QPushButton:pressed { background: #8c1d17; }"
        )
        self._safe.setToolTip("RF off, shutters closed, gates off, magnet held; confirmed by read-back")
        self._safe.clicked.connect(self.press_safe_state)
        self._connect = QPushButton("Connect")
        self._connect.clicked.connect(self._connect_pressed)
        self._hint, self._answer = QLabel(), QLabel()
        for label in (self._hint, self._answer):
            label.setWordWrap(True)
        self._answer.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        words = QVBoxLayout()
        words.addWidget(self._hint)
        words.addWidget(self._answer)
        head = QHBoxLayout()
        head.addWidget(self._safe)
        head.addWidget(self._connect)
        head.addLayout(words, stretch=1)
        self._table = RoleTableView()
        self._controls = ControlPanel()
        self._controls.pressed.connect(self._act)
        self._controls.problem.connect(lambda text: self._tell(text, bad=True))
        self._strip = CountStrip()
        self._left = QSplitter(Qt.Orientation.Vertical)
        self._left.addWidget(self._table)
        self._left.addWidget(self._strip)
        self._left.setSizes([500, 220])
        self._splitter = QSplitter(Qt.Orientation.Horizontal)
        self._splitter.addWidget(self._left)
        self._splitter.addWidget(self._controls)
        self._splitter.setSizes([460, 800])
        self._splitter.setChildrenCollapsible(False)
        column = QVBoxLayout(self)
        column.addLayout(head)
        column.addWidget(self._splitter, stretch=1)

    def _connect_pressed(self) -> None:
        if self._mode is Mode.IDLE:
            self.connect_bench()
        else:
            self.disconnect_bench()

    def _show_station(self) -> None:
        """While nobody has the bench: the roles of the station that Connect would connect to."""
        if self._mode is Mode.IDLE and self._roles is not None:
            if [line.role for line in self._model.lines] != list(self._roles):
                self._model.set_roles(self._roles.items())
            self._model.forget_values()
        self._table.show_lines(self._model.lines)

    def _set_mode(self, mode: Mode) -> None:
        self._mode = mode
        self._show_mode()

    def _show_mode(self) -> None:
        mode = self._mode
        where = "the twin" if self._twin or self._station is None else "the REAL BENCH"
        self._hint.setText(f"{_HINTS[mode]}  ({where})" if mode is not Mode.RUN else _HINTS[mode])
        self._connect.setText("Disconnect" if mode in (Mode.CONNECTING, Mode.MANUAL, Mode.LEAVING) else "Connect")
        ready = mode is Mode.IDLE and self._roles is not None
        self._connect.setEnabled(ready or mode in (Mode.CONNECTING, Mode.MANUAL))
        self._controls.setVisible(mode in (Mode.MANUAL, Mode.LEAVING))
        self._strip.setVisible(mode is Mode.MANUAL)
        self._controls.set_busy(mode is not Mode.MANUAL or self._busy)
        self._table.set_choosing(mode is Mode.IDLE)
        self._table.set_brief(mode in (Mode.MANUAL, Mode.LEAVING))

    def _run_begins(self) -> None:
        self.disconnect_bench()  # the run asks for the bench, too: it waits until the safe state is reached
        if self._client is None:
            self._model.forget_values()
            self._set_mode(Mode.RUN)
        self._run_waits = True

    def _run_ended(self) -> None:
        self._run_waits = False
        if self._mode is Mode.RUN:
            self._set_mode(Mode.IDLE)
            self._show_station()

    def _act(self, row: str, verb: str, values: dict[str, messages.Value]) -> None:
        if self._client is not None and self._mode is Mode.MANUAL and not self._busy:
            self._busy = True
            self._controls.set_busy(True)
            self._client.act(row, verb, values)

    def _poll(self) -> None:
        if self._client is None:
            return
        for message in self._client.poll():
            self._take(message)

    def _take(self, message: messages.FromService) -> None:
        if isinstance(message, messages.BenchShown):
            self._model.take_bench(message)
            self._controls.show_bench(message)
            self._set_mode(Mode.MANUAL if self._mode is Mode.CONNECTING else self._mode)
        elif isinstance(message, messages.Readings):
            self._model.take_readings(message)
            self._controls.show_readings(message)
            if message.rates_cps:
                self._strip.add(CountRates(MANUAL_ENTRY, message.time_s, message.rates_cps))
        elif isinstance(message, messages.Interlocks):
            self._model.take_interlocks(message)
        elif isinstance(message, messages.Begun):
            self._tell(message.text, bad=False)
        elif isinstance(message, messages.Done | messages.Refused):
            self._busy = False
            self._controls.set_busy(self._mode is not Mode.MANUAL)
            refused = isinstance(message, messages.Refused)
            self._tell(f"refused: {message.text}" if refused else message.text, bad=refused)
        elif isinstance(message, messages.SafeReached):
            self._take_safe(message)
        else:
            self._take_end(message)
        self._table.show_lines(self._model.lines)

    def _take_safe(self, message: messages.SafeReached) -> None:
        self._busy = False
        self._controls.set_busy(self._mode is not Mode.MANUAL)
        asked = message.why == "asked for"
        reason = "" if asked else f" ({message.why})"
        if message.by_hand:
            self._tell(f"SAFE STATE NOT CONFIRMED{reason}. Do this by hand now: {message.by_hand}", bad=True)
            self.unsafe.emit(message.by_hand)
        else:
            self._tell(f"safe state confirmed{reason}", bad=not asked)

    def _take_end(self, message: messages.Ended) -> None:
        self._client = None
        self._timer.stop()
        self._busy = False
        if message.by_hand:
            self._tell(f"{message.why}. Do this by hand now: {message.by_hand}", bad=True)
            self.unsafe.emit(message.by_hand)
        elif message.failed:
            self._tell(f"no manual control: {message.why}", bad=True)
        else:
            self._tell(f"manual control ended in the safe state ({message.why})", bad=False)
        self._model.forget_values()
        self._controls.show_bench(None)
        self._set_mode(Mode.RUN if self._run_waits else Mode.IDLE)
        self._show_station()

    def _rescue_bench(self) -> None:
        """Nobody has the bench: ``solotron station safe`` makes safe what answers."""
        if self._rescue is not None:
            return
        self._tell("safe state: asking every instrument …", bad=False)
        words = ["-m", "runmanager", "station", "safe", "--json"]
        words += ["--station", str(self._station)] if self._station is not None else []
        words += ["--twin"] if self._twin else []
        self._rescue = QProcess(self)
        self._rescue.finished.connect(self._rescued)
        self._rescue.errorOccurred.connect(lambda _: self._rescued(-1))
        self._rescue.start(sys.executable, words)

    def _rescued(self, code: int) -> None:
        process, self._rescue = self._rescue, None
        if process is None:
            return
        try:
            by_hand = str(json.loads(bytes(process.readAllStandardOutput().data()))["by_hand"])
        except (ValueError, KeyError, TypeError):
            said = bytes(process.readAllStandardError().data()).decode(errors="replace").strip().splitlines()
            by_hand = f"the safe state could not be asked for ({said[-1] if said else f'exit code {code}'})"
        process.deleteLater()
        if by_hand or code != 0:
            self._tell(f"SAFE STATE NOT CONFIRMED. Do this by hand now: {by_hand}", bad=True)
            self.unsafe.emit(by_hand)
        else:
            self._tell("safe state confirmed", bad=False)

    def _tell(self, text: str, *, bad: bool) -> None:
        self._answer.setText(text)
        restyle(self._answer, f"color: {colours().bad}" if bad else "")
        if text:
            self.message.emit(text)


def _changed_at(path: Path | None) -> int:
    """When a file was last changed, ns; 0 without a file."""
    try:
        return 0 if path is None else path.stat().st_mtime_ns
    except (OSError, ValueError):
        return 0
