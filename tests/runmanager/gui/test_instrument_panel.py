"""The instrument panel: the bench during a run, in a person's hands, and the SAFE STATE button."""

import pytest

from runmanager.gui import instrument_panel as panels
from runmanager.gui.instrument_model import Mode
from runmanager.gui.instrument_panel import InstrumentPanel
from runmanager.manual.messages import (
    Begun,
    BenchShown,
    Done,
    Ended,
    FieldShown,
    Interlocks,
    InterlockShown,
    Readings,
    ReadingShown,
    Refused,
    RoleShown,
    RowShown,
    SafeReached,
)
from runmanager.queue.events import BenchStatus, Finished, Hello, RoleStatus, Started

FIELD = FieldShown(argument="target_t", label="to", unit="T", low=-5.0, high=5.0, start=0.0)
MAGNET = RowShown(
    row="magnet.field", label="Field", has_reading=True, fields=(FIELD,), verbs=("Ramp", "Hold"), help="slowly"
)
EXIT = RowShown(
    row="spectrograph.exit",
    label="Exit",
    has_reading=False,
    fields=(
        FieldShown(argument="name", label="to", unit="", low=None, high=None, start="side", choices=("front", "side")),
    ),
    verbs=("Set",),
    help="",
)
BENCH = BenchShown(
    twin=True,
    roles=(
        RoleShown(role="magnet", instrument="ami430", identity="AMI 430", rows=(MAGNET,)),
        RoleShown(role="spectrograph", instrument="spectrapro", identity="SP-2500", rows=(EXIT,)),
    ),
)


class FakeClient:
    """Says what the test lets it say; remembers what it was asked."""

    def __init__(self):
        self.asked, self._says = [], []

    def say(self, *messages):
        self._says += messages

    def poll(self):
        said, self._says = self._says, []
        return said

    def act(self, row, verb, values):
        self.asked.append((row, verb, values))
        return len(self.asked)

    def make_safe(self):
        self.asked.append("safe")

    def leave(self):
        self.asked.append("leave")
        self.say(Ended(why="the panel was closed"))


@pytest.fixture
def client():
    return FakeClient()


@pytest.fixture
def started():
    return []


@pytest.fixture
def panel(qtbot, client, started):
    def starter(station, **options):
        started.append((station, options))
        return client

    made = InstrumentPanel(starter=starter)
    qtbot.addWidget(made)
    made.resize(1200, 700)
    made.show()
    yield made
    made._timer.stop()


def hear(panel, client, *messages):
    client.say(*messages)
    panel._poll()


@pytest.fixture
def manual(panel, client):
    panel.connect_bench()
    hear(panel, client, BENCH)
    return panel


def test_the_roles_of_the_station_are_shown_before_anything_is_connected(panel):
    assert panel.mode is Mode.IDLE
    assert panel.table.text_of("magnet", 1) == "ami430"
    assert panel.table.text_of("magnet", 2) == ""


def test_a_station_file_that_cannot_be_read_is_told_and_cannot_be_connected(panel, tmp_path):
    panel.set_station(tmp_path / "none.yaml", twin=False, sample=None)
    assert "none.yaml" in panel.answer
    assert not panel._connect.isEnabled()


def test_connect_takes_the_station_the_twin_and_the_sample(panel, started):
    panel.set_station(None, twin=True, sample="mn-cdse-cds")
    panel._connect.click()
    assert started == [(None, {"twin": True, "sample": "mn-cdse-cds", "without": ()})]
    assert panel.mode is Mode.CONNECTING


def test_roles_can_be_left_out_but_not_those_of_safety(panel, started):
    panel.table.leave_out("camera", True)
    panel.table.leave_out("magnet", True)
    panel.connect_bench()
    assert started[0][1]["without"] == ("camera",)


def test_controls_appear_with_the_bench(manual):
    assert manual.mode is Mode.MANUAL
    assert manual.controls.isVisible()
    assert manual.controls.row("magnet.field").button("Ramp").isEnabled()


def test_readings_appear_beside_their_controls(manual, client):
    value = ReadingShown(row="magnet.field", text="0.25 T")
    hear(manual, client, Readings(time_s=1.0, values=(value,), rates_cps={"detector 1": 9.0}))
    assert manual.controls.row("magnet.field").value_text() == "0.25 T"
    assert manual.model.line("magnet").values_text == "Field 0.25 T"
    assert manual._strip.text == "detector 1: 9 /s"


def test_a_value_that_cannot_be_read_is_not_known(manual, client):
    hear(manual, client, Readings(time_s=1.0, values=(ReadingShown(row="magnet.field", text="no answer", good=False),)))
    assert manual.controls.row("magnet.field").value_text() == "not known"


def test_a_button_sends_the_fields_in_the_units_shown(manual, client):
    row = manual.controls.row("magnet.field")
    row.edit("target_t").setText("1.5")
    row.button("Ramp").click()
    assert client.asked == [("magnet.field", "Ramp", {"target_t": 1.5})]


def test_return_in_a_field_presses_the_first_button(manual, client, qtbot):
    edit = manual.controls.row("magnet.field").edit("target_t")
    edit.setText("0.5")
    edit.returnPressed.emit()
    assert client.asked == [("magnet.field", "Ramp", {"target_t": 0.5})]


def test_a_choice_is_sent_by_its_name(manual, client):
    manual.controls.row("spectrograph.exit").press("Set")
    assert client.asked == [("spectrograph.exit", "Set", {"name": "side"})]


@pytest.mark.parametrize(
    ("text", "problem"), [("6", "allowed are -5 to 5 T"), ("one", "no number"), ("nan", "no number"), ("1,5", "")]
)
def test_invalid_input_is_marked_at_once_with_its_reason(manual, text, problem):
    edit = manual.controls.row("magnet.field").edit("target_t")
    edit.setText(text)
    assert problem in edit.problem()
    assert bool(edit.problem()) == bool(problem)
    assert ("background" in edit.styleSheet()) == bool(problem)


def test_what_is_no_number_is_told_and_not_sent(manual, client):
    row = manual.controls.row("magnet.field")
    row.edit("target_t").setText("one")
    row.button("Ramp").click()
    assert client.asked == []
    assert "'one' is no number" in manual.answer


def test_while_something_moves_nothing_else_can_be_pressed(manual, client):
    row = manual.controls.row("magnet.field")
    row.button("Ramp").click()
    assert not row.button("Ramp").isEnabled()
    assert manual._safe.isEnabled()
    hear(manual, client, Begun(number=1, text="ramping"), Done(number=1, text="Field: 0 T"))
    assert row.button("Ramp").isEnabled()
    assert manual.answer == "Field: 0 T"


def test_a_refusal_is_shown_in_the_words_from_below(manual, client):
    hear(manual, client, Refused(number=1, text="ami430: field 9 T is outside -5 to 5 T"))
    assert manual.answer == "refused: ami430: field 9 T is outside -5 to 5 T"


def test_interlocks_are_shown_by_sign_and_word(manual, client):
    quench = InterlockShown(role="magnet", about="quench", state="violated", detail="it has QUENCHED")
    hear(manual, client, Interlocks(readings=(quench,)))
    assert manual.table.text_of("magnet", 3).startswith("✗ VIOLATED")
    assert "QUENCHED" in manual.table.text_of("magnet", 3)


def test_safe_state_goes_to_manual_control(manual, client):
    manual._safe.click()
    assert client.asked == ["safe"]
    hear(manual, client, SafeReached(why="asked for", by_hand=""))
    assert manual.answer == "safe state confirmed"


def test_an_unconfirmed_safe_state_is_shouted(manual, client, qtbot):
    with qtbot.waitSignal(manual.unsafe) as heard:
        hear(manual, client, SafeReached(why="interlock shutter", by_hand="block the beam by hand"))
    assert heard.args == ["block the beam by hand"]
    assert "NOT CONFIRMED" in manual.answer


def test_disconnect_leaves_in_the_safe_state(manual, client):
    manual._connect.click()
    assert manual.mode is Mode.LEAVING
    manual._poll()
    assert manual.mode is Mode.IDLE
    assert client.asked == ["leave"]
    assert "ended in the safe state" in manual.answer
    assert not manual.controls.isVisible()


def test_values_of_a_bench_nobody_reads_are_not_shown_as_present(manual, client):
    hear(manual, client, Readings(time_s=1.0, values=(ReadingShown(row="magnet.field", text="0.25 T"),)))
    hear(manual, client, Ended(why="the panel was closed"))
    assert manual.table.text_of("magnet", 2) == ""


def test_a_manual_control_that_died_is_told_with_what_to_do(manual, client, qtbot):
    with qtbot.waitSignal(manual.unsafe):
        hear(manual, client, Ended(why="it died", by_hand="look at the bench", failed=True))
    assert manual.mode is Mode.IDLE


def test_release_bench_waits_until_the_bench_is_free(manual, client):
    assert manual.release_bench(timeout_s=5.0)
    assert manual.mode is Mode.IDLE
    assert "leave" in client.asked


def test_release_bench_without_manual_control_is_immediate(panel):
    assert panel.release_bench(timeout_s=0.0)


def test_a_run_takes_the_bench_from_manual_control(manual, client):
    manual.show_event(Started(1, "g2", "run.h5"))
    assert manual.mode is Mode.LEAVING
    manual._poll()
    assert manual.mode is Mode.RUN


def test_during_a_run_the_bench_is_shown_as_read_at_its_checkpoints(panel):
    panel.show_event(Started(1, "g2", "run.h5"))
    status = RoleStatus("magnet", "AMI 430", (("field", "1.2 T"),), "no quench", True)
    panel.show_event(BenchStatus(1, (status,)))
    assert panel.table.text_of("magnet", 2) == "field 1.2 T"
    assert panel.table.text_of("magnet", 3) == "✓ ok: no quench"
    assert not panel._connect.isEnabled()


def test_a_window_that_attaches_to_a_running_queue_knows_that_a_run_has_the_bench(panel):
    panel.show_event(Hello(pid=1, entry_id=4, paused=False))
    assert panel.mode is Mode.RUN
    panel.show_event(Finished(4, "completed", 0))
    assert panel.mode is Mode.IDLE


def test_safe_state_during_a_run_asks_for_the_abort(panel, qtbot):
    panel.show_event(Started(1, "g2", "run.h5"))
    assert panel._safe.isEnabled()
    with qtbot.waitSignal(panel.abort_requested):
        panel._safe.click()


def test_safe_state_of_a_bench_that_nobody_has_asks_every_instrument(panel, qtbot):
    panel._safe.click()
    qtbot.waitUntil(lambda: panel._rescue is None, timeout=60_000)
    assert panel.answer == "safe state confirmed"


def test_a_safe_state_that_cannot_be_asked_for_is_shouted(panel, qtbot, monkeypatch):
    monkeypatch.setattr(panels.sys, "executable", "/no/such/python")
    with qtbot.waitSignal(panel.unsafe, timeout=10_000) as heard:
        panel._safe.click()
    assert "could not be asked for" in heard.args[0]


def test_manual_control_that_cannot_be_started_is_told(qtbot):
    def starter(station, **options):
        raise OSError("no more processes")

    panel = InstrumentPanel(starter=starter)
    qtbot.addWidget(panel)
    panel.connect_bench()
    assert "no more processes" in panel.answer
    assert panel.mode is Mode.IDLE


@pytest.mark.end_to_end
def test_the_twin_in_a_persons_hands(qtbot):
    panel = InstrumentPanel()
    qtbot.addWidget(panel)
    panel.show()
    panel.connect_bench()
    qtbot.waitUntil(lambda: panel.mode is Mode.MANUAL, timeout=60_000)
    row = panel.controls.row("magnet.field")
    row.edit("target_t").setText("0.25")
    row.button("Ramp").click()
    qtbot.waitUntil(lambda: panel.answer == "Field: 0.25 T", timeout=60_000)
    qtbot.waitUntil(lambda: row.value_text() == "0.25 T", timeout=60_000)
    client = panel._client
    panel.shutdown()
    assert panel.mode is Mode.IDLE
    client.close()  # the process has said its last word; now it is gone, too
    assert "safe state" in panel.answer
