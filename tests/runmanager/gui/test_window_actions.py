"""Every action of the window, offscreen, on a queue of its own. No worker runs here: see test_window_run.py."""

from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl  # noqa: TID253
from PySide6.QtGui import QDragEnterEvent, QDropEvent  # noqa: TID253
from PySide6.QtWidgets import QDialog, QMenu  # noqa: TID253

from procedures import registry
from runmanager.gui import row_text
from runmanager.queue.entries import Ending, Job, Prediction, Status, Target

CTRL, ALT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.AltModifier


def queued_ids(window):
    return [entry.id for entry in window.service.snapshot.queue]


def wait_rows(qtbot, window, n):
    qtbot.waitUntil(lambda: window.queue_view.entries.rowCount() == n)


@pytest.fixture
def three(window, store, qtbot):
    """Three queued entries, shown."""
    ids = [store.add(Job("g2", settings=(("duration", str(n)),), twin=True)).id for n in (10, 20, 30)]
    wait_rows(qtbot, window, 3)
    window.queue_view.setFocus()
    return ids


def select(window, *ids):
    window.queue_view.setFocus()
    window.queue_view.select_ids(ids)


# --- queueing ---------------------------------------------------------------------------------------------------


def test_the_explorer_lists_every_experiment_with_its_line(window):
    shown = [window.explorer.list.item(n).text() for n in range(window.explorer.list.count())]
    assert shown == [f"{name}\n{entry.measures}" for name, entry in registry.PROCEDURES.items()]


def test_choosing_an_experiment_shows_its_form(window):
    window.explorer.select("esr")
    assert window.editor.procedure == "esr"
    assert list(window.editor.form.rows) == list(registry.load("esr").parameters())


def test_the_first_page_is_ready_to_queue_on_the_twin(window):
    assert window.editor.procedure == "spin-pumping"
    assert window.editor.bench.badge.text() == "TWIN"
    assert window.editor.queue_button.isEnabled()
    assert window.editor.job().twin


def test_ctrl_return_queues_what_the_form_says_and_lets_the_queue_run(window, store, qtbot, started):
    window.explorer.select("g2")
    window.editor.form.rows["duration"].set_text("5")
    qtbot.keyClick(window, Qt.Key.Key_Return, CTRL)
    wait_rows(qtbot, window, 1)
    entry = store.queued()[0]
    assert (entry.job.procedure, entry.job.settings, entry.job.twin) == ("g2", (("duration", "5"),), True)
    assert entry.job.out.is_absolute()
    qtbot.waitUntil(lambda: started == [(window.service.path, "")])


def test_the_big_button_does_the_same(window, store, qtbot):
    qtbot.mouseClick(window.editor.queue_button, Qt.MouseButton.LeftButton)
    wait_rows(qtbot, window, 1)


def test_nothing_is_started_when_queueing_shall_not_start(window, qtbot, started):
    window.appearance.set_run_at_once(False)
    window.actions_by_name["queue"].trigger()
    wait_rows(qtbot, window, 1)
    assert started == []
    window.actions_by_name["start"].trigger()
    qtbot.waitUntil(lambda: len(started) == 1)


def test_wrong_input_is_not_queued_and_the_reason_is_told(window, store, qtbot):
    window.editor.form.rows["duration"].set_text("-3")
    window.actions_by_name["queue"].trigger()
    assert "duration" in window.statusBar().currentMessage()
    assert window.focusWidget() is window.editor.form.rows["duration"].editor
    assert store.queued() == []


def test_a_scan_queues_one_job_a_value_and_says_so_before(window, store, qtbot):
    window.explorer.select("g2")
    box = window.editor.scan
    box.parameter.setCurrentIndex(box.parameter.findData("duration"))
    box.values.setText("10:30:5")
    window.editor.show_preview()
    assert window.editor.preview.text().startswith("5 jobs")
    window.actions_by_name["queue"].trigger()
    wait_rows(qtbot, window, 5)
    assert [float(dict(e.job.settings)["duration"]) for e in store.queued()] == [10.0, 15.0, 20.0, 25.0, 30.0]


def test_a_scan_outside_the_limits_is_refused_in_the_words_of_the_experiment(window, store):
    box = window.editor.scan
    box.parameter.setCurrentIndex(box.parameter.findData("duration"))
    box.values.setText("10:1e9:3")
    window.actions_by_name["queue"].trigger()
    assert "86400" in window.editor.preview.text()
    assert store.queued() == []


def test_the_preview_tells_how_long_when_a_forecast_is_known(window, store, three, qtbot):
    entry = store.entry(three[0])
    store.put_prediction(entry.id, entry.job, Prediction(90.0, 10, {}, passed=True))
    qtbot.waitUntil(lambda: window.service.duration_of(entry.job) == 90.0)
    window.editor.use_parameters(entry.job)
    window.editor.show_preview()
    assert "forecast 1 min 30 s" in window.editor.preview.text()


def test_a_target_is_part_of_the_job(window, store, qtbot):
    window.explorer.select("g2")
    row = window.editor.scan.targets.rows[0]
    row.result.setCurrentIndex(row.result.findText("g2_zero"))
    row.error.setText("0.02")
    window.actions_by_name["queue"].trigger()
    wait_rows(qtbot, window, 1)
    target = store.queued()[0].job.until[0]
    assert (target.result, target.stderr) == ("g2_zero", 0.02)
    assert "until g2_zero ± 0.02" in row_text.key_parameters(store.queued()[0].job)


@pytest.mark.parametrize("text", ["", "-1", "nan", "small"])
def test_a_target_that_is_no_positive_number_is_refused(window, store, text):
    row = window.editor.scan.targets.rows[0]
    row.result.setCurrentIndex(1)
    row.error.setText(text)
    window.actions_by_name["queue"].trigger()
    assert "above zero" in window.editor.preview.text()
    assert store.queued() == []


@pytest.mark.parametrize("procedure", sorted(registry.PROCEDURES))
def test_every_control_of_every_experiment_is_one_click(window, store, qtbot, procedure):
    window.explorer.select(procedure)
    offered = [name for name, _ in registry.controls(procedure) if name != "none"]
    assert offered
    assert list(window.editor.control_buttons) == offered
    for button in window.editor.control_buttons.values():
        button.click()
    wait_rows(qtbot, window, len(offered))
    assert [dict(entry.job.settings)["control"] for entry in store.queued()] == offered


def test_a_bench_that_cannot_be_is_said_at_once_and_not_queued(window, store, tmp_path):
    window.editor.bench.station.setText(str(tmp_path / "nowhere.yaml"))
    assert "nowhere.yaml" in window.editor.bench.trouble.text()
    window.actions_by_name["queue"].trigger()
    assert store.queued() == []


def test_a_real_station_file_is_shown_as_a_real_bench(window, tmp_path):
    from instruments import station

    path = tmp_path / "lab.yaml"
    path.write_text(station.TEMPLATE.read_text(encoding="utf-8"), encoding="utf-8")
    window.editor.bench.station.setText(str(path))
    window.editor.bench.twin.setChecked(False)
    assert window.editor.bench.badge.text() == "REAL BENCH"
    window.editor.bench.twin.setChecked(True)
    assert window.editor.bench.badge.text() == "TWIN"


@pytest.mark.parametrize("seed", ["", "-1", "1.5", "zwei", str(2**63)])
def test_a_wrong_seed_is_refused(window, store, seed):
    window.editor.bench.seed.setText(seed)
    window.actions_by_name["queue"].trigger()
    assert "seed" in window.editor.bench.trouble.text()
    assert store.queued() == []


# --- the queue's rows -------------------------------------------------------------------------------------------


def test_delete_removes_the_selected_rows(window, store, three, qtbot):
    select(window, three[0], three[2])
    qtbot.keyClick(window.queue_view, Qt.Key.Key_Delete)
    qtbot.waitUntil(lambda: queued_ids(window) == [three[1]])


def test_alt_up_and_down_move_the_selected_row(window, store, three, qtbot):
    a, b, c = three
    select(window, c)
    qtbot.keyClick(window.queue_view, Qt.Key.Key_Up, ALT)
    qtbot.waitUntil(lambda: queued_ids(window) == [a, c, b])
    select(window, a)
    qtbot.keyClick(window.queue_view, Qt.Key.Key_Down, ALT)
    qtbot.waitUntil(lambda: queued_ids(window) == [c, a, b])
    assert [entry.id for entry in store.queued()] == [c, a, b]


def test_a_row_at_the_end_stays_there(window, three, qtbot):
    moves = []
    window.queue_view.moved.connect(lambda ids, before: moves.append((ids, before)))
    select(window, three[2])
    window.queue_view.shift(1)
    assert moves == [([three[2]], None)]
    select(window, three[0])
    window.queue_view.shift(-1)
    assert moves[1] == ([three[0]], three[1])


def test_dragging_a_row_moves_it_in_the_store(window, store, three, qtbot):
    a, b, c = three
    model = window.queue_view.entries
    packed = model.mimeData([model.index(2, 0)])
    model.dropMimeData(packed, Qt.DropAction.MoveAction, 0, 0, model.index(-1, -1))
    qtbot.waitUntil(lambda: queued_ids(window) == [c, a, b])


def test_double_click_edits_and_enter_saves(window, store, three, qtbot):
    index = window.queue_view.entries.index(1, 3)
    window.queue_view.doubleClicked.emit(index)
    assert window.editor.editing.id == three[1]
    assert window.editor.form.rows["duration"].text() == "20"
    assert "Save" in window.editor.queue_button.text()
    line = window.editor.form.rows["duration"].editor
    line.setText("25")
    qtbot.keyClick(line, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: dict(store.entry(three[1]).job.settings)["duration"] == "25")
    assert window.editor.editing is None
    assert len(store.queued()) == 3


def test_escape_leaves_the_edit_mode_and_changes_nothing(window, store, three, qtbot):
    window.queue_view.doubleClicked.emit(window.queue_view.entries.index(0, 0))
    window.editor.form.rows["duration"].set_text("99")
    qtbot.keyClick(window.editor, Qt.Key.Key_Escape)
    assert window.editor.editing is None
    assert dict(store.entry(three[0]).job.settings)["duration"] == "10"


def test_a_refused_edit_stays_in_the_edit_mode(window, three):
    window.queue_view.doubleClicked.emit(window.queue_view.entries.index(0, 0))
    window.editor.form.rows["duration"].set_text("x")
    window.editor.submit()
    assert window.editor.editing is not None


def test_ctrl_d_duplicates(window, store, three, qtbot):
    select(window, three[1])
    qtbot.keyClick(window.queue_view, Qt.Key.Key_D, CTRL)
    wait_rows(qtbot, window, 4)
    twins = [entry for entry in store.queued() if dict(entry.job.settings)["duration"] == "20"]
    assert len(twins) == 2


def test_a_row_with_violations_is_marked_before_anything_runs_and_can_be_confirmed(window, store, three, qtbot):
    entry = store.entry(three[0])
    store.put_prediction(entry.id, entry.job, Prediction(1.0, 1, {}, passed=False, violations=("too hot: 400 K",)))
    qtbot.waitUntil(lambda: "\N{WARNING SIGN}" in window.queue_view.entries.data(window.queue_view.entries.index(0, 1)))
    select(window, three[0])
    menu = QMenu()
    window.queue_view.menu_wanted.emit(menu, window.queue_view.selected())
    assert window.actions_by_name["confirm"] in menu.actions()
    window.actions_by_name["confirm"].trigger()
    qtbot.waitUntil(lambda: store.entry(three[0]).confirmed)


def test_holding_the_queue_is_kept_in_the_store(window, store, three, qtbot):
    window.actions_by_name["hold"].trigger()
    qtbot.waitUntil(store.is_paused)
    qtbot.waitUntil(lambda: "held" in window.running_bar.title.text())
    window.actions_by_name["start"].trigger()
    qtbot.waitUntil(lambda: not store.is_paused())


def test_what_another_process_does_is_seen(window, store, three, qtbot):
    store.remove(three[1])
    qtbot.waitUntil(lambda: queued_ids(window) == [three[0], three[2]])


# --- history ----------------------------------------------------------------------------------------------------


@pytest.fixture
def ended(window, store, three, qtbot):
    """One entry that failed on its way, in the history."""
    with store.hold() as holder:
        entry = store.claim_next(holder)
        store.finish(entry.id, Status.FAILED, Ending(3, 1.8e9, message="TimeoutError: no answer"))
    qtbot.waitUntil(lambda: window.history_view.entries.rowCount() == 1)
    return entry


def test_the_history_says_how_it_ended(window, ended):
    model = window.history_view.entries
    verdict = [c.title for c in model.columns].index("Verdict")
    assert model.data(model.index(0, verdict)) == "TimeoutError: no answer"


def test_repeat_queues_an_ended_one_again(window, store, ended, qtbot):
    window.docks["history"].raise_()
    window.history_view.setFocus()
    window.history_view.select_ids([ended.id])
    window.actions_by_name["repeat"].trigger()
    qtbot.waitUntil(lambda: any(entry.repeats == ended.id for entry in store.queued()))


def test_resume_without_a_run_file_is_refused_in_words(window, store, ended, qtbot):
    window.docks["history"].raise_()
    window.history_view.setFocus()
    window.history_view.select_ids([ended.id])
    window.actions_by_name["resume"].trigger()
    qtbot.waitUntil(lambda: "recorded nothing" in window.statusBar().currentMessage())


def test_opening_a_history_row_takes_its_parameters_over(window, ended):
    window.editor.form.reset()
    window.history_view.doubleClicked.emit(window.history_view.entries.index(0, 0))
    assert window.editor.procedure == "g2"
    assert window.editor.form.rows["duration"].text() == "10"
    assert window.editor.editing is None


def test_the_action_use_parameters_works_on_a_queue_row_too(window, three):
    select(window, three[2])
    window.actions_by_name["use"].trigger()
    assert window.editor.form.rows["duration"].text() == "30"


# --- run files --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def run_file(tmp_path_factory):
    """A short run of the twin."""
    from runmanager import engine

    folder = tmp_path_factory.mktemp("runs")
    request = engine.RunRequest("g2", twin=True, settings=(("duration", "5"), ("batch", "2.5")), out=folder, seed=7)
    return engine.run(request).run_file


def test_a_run_file_dropped_on_the_window_fills_the_form(window, run_file, qtbot):
    packed = QMimeData()
    packed.setUrls([QUrl.fromLocalFile(str(run_file))])
    where, buttons = QPointF(10, 10), Qt.MouseButton.LeftButton
    entering = QDragEnterEvent(where.toPoint(), Qt.DropAction.CopyAction, packed, buttons, Qt.KeyboardModifier(0))
    window.dragEnterEvent(entering)
    assert entering.isAccepted()
    window.dropEvent(QDropEvent(where, Qt.DropAction.CopyAction, packed, buttons, Qt.KeyboardModifier(0)))
    qtbot.waitUntil(lambda: window.editor.procedure == "g2")
    assert float(window.editor.form.rows["batch"].text()) == 2.5
    assert window.editor.bench.seed.text() == "7"
    assert window.editor.form.problems() == {}


def test_a_file_that_is_no_run_file_is_refused_in_words(window, tmp_path, qtbot):
    path = tmp_path / "letter.h5"
    path.write_text("dear all", encoding="utf-8")
    window.use_run_file(path)
    qtbot.waitUntil(lambda: "letter.h5" in window.statusBar().currentMessage())


# --- keys -------------------------------------------------------------------------------------------------------


def test_f1_shows_all_keys(window, qtbot):
    qtbot.keyClick(window, Qt.Key.Key_F1)
    dialog = next(child for child in window.findChildren(QDialog) if child.windowTitle() == "Keys")
    assert dialog.isVisible()
    dialog.close()


def test_no_two_actions_share_a_key(window):
    keys = [each.toString() for action in window.actions_by_name.values() for each in action.shortcuts()]
    keys += [f"Ctrl+{n}" for n in range(1, 8)]
    assert len(keys) == len(set(keys))


def test_panels_are_reached_by_number(window, qtbot):
    qtbot.keyClick(window, Qt.Key.Key_7, CTRL)
    assert window.log_view.hasFocus()


def test_unselected_wishes_say_what_is_missing(window):
    window.actions_by_name["duplicate"].trigger()
    assert "select a row" in window.statusBar().currentMessage()


def test_a_queue_that_cannot_be_opened_is_told(qtbot, tmp_path):
    from runmanager.gui.layout import open_settings
    from runmanager.gui.main_window import MainWindow
    from runmanager.gui.service import QueueService

    path = Path(tmp_path / "not-a-queue.sqlite")
    path.write_bytes(b"x" * 5000)
    window = MainWindow(QueueService(path), open_settings(), forecasts=False)
    qtbot.addWidget(window, before_close_func=lambda _: window.leave())
    qtbot.waitUntil(lambda: "not-a-queue.sqlite" in window.log_view.toPlainText())


# --- what nobody should write, but somebody will ----------------------------------------------------------------


@pytest.mark.parametrize("box", ["station", "sample", "out"])
@pytest.mark.parametrize("text", ["a\0b", "x" * 300, "~nobody-of-this-name/x"])
def test_a_name_that_no_file_can_have_is_refused_at_once(window, store, box, text):
    bench = window.editor.bench
    if box == "sample":
        bench.sample.setCurrentText(text)
    else:
        getattr(bench, box).setText(text)
    assert bench.reason
    window.actions_by_name["queue"].trigger()
    assert store.queued() == []


def test_a_folder_in_which_no_run_file_can_be_made_is_refused_at_once(window, tmp_path):
    file = tmp_path / "letter"
    file.write_text("dear all", encoding="utf-8")
    window.editor.bench.out.setText(str(file / "runs"))
    assert f"{file} is a file" in window.editor.bench.trouble.text()
    window.editor.bench.out.setText(str(tmp_path / "new" / "runs"))
    assert window.editor.bench.reason == ""


def test_an_entry_of_another_version_is_shown_and_cannot_break_the_window(window, store, qtbot):
    made = store.add(Job("telepathy", settings=(("strength", "9"),), twin=True))
    wait_rows(qtbot, window, 1)
    model = window.queue_view.entries
    assert "strength = 9" in model.data(model.index(0, 3))
    select(window, made.id)
    for action in ("edit", "use"):
        window.actions_by_name[action].trigger()
        assert "unknown procedure 'telepathy'" in window.statusBar().currentMessage()
    assert window.editor.procedure == "spin-pumping"


def test_editing_says_which_settings_are_no_longer_known(window, store, qtbot):
    made = store.add(Job("g2", settings=(("duration", "10"), ("gone", "1")), twin=True))
    wait_rows(qtbot, window, 1)
    select(window, made.id)
    window.actions_by_name["edit"].trigger()
    assert "no longer known: gone" in window.statusBar().currentMessage()


def test_editing_a_job_keeps_all_its_targets(window, store, qtbot):
    targets = (Target("g2_zero", 0.02), Target("lifetime", 0.5))
    made = store.add(Job("g2", settings=(("duration", "10"),), twin=True, until=targets))
    wait_rows(qtbot, window, 1)
    select(window, made.id)
    window.actions_by_name["edit"].trigger()
    window.editor.form.rows["duration"].set_text("11")
    window.editor.submit()
    qtbot.waitUntil(lambda: dict(store.entry(made.id).job.settings)["duration"] == "11")
    assert store.entry(made.id).job.until == targets


@pytest.mark.parametrize("url", ["https://example.org/run.h5", "file:///", "file:///no/such/run.h5"])
def test_what_is_no_run_file_can_be_dropped_without_harm(window, url, qtbot):
    packed = QMimeData()
    packed.setUrls([QUrl(url)])
    where, buttons = QPointF(9, 9), Qt.MouseButton.LeftButton
    entering = QDragEnterEvent(where.toPoint(), Qt.DropAction.CopyAction, packed, buttons, Qt.KeyboardModifier(0))
    window.dragEnterEvent(entering)
    assert entering.isAccepted() == url.startswith("file:")
    window.dropEvent(QDropEvent(where, Qt.DropAction.CopyAction, packed, buttons, Qt.KeyboardModifier(0)))
    if url.startswith("file:"):
        qtbot.waitUntil(lambda: "cannot read" in window.statusBar().currentMessage())
    assert window.editor.procedure == "spin-pumping"


def test_two_windows_on_one_queue_show_the_same(window, store, three, qtbot):
    from runmanager.gui.layout import open_settings
    from runmanager.gui.main_window import MainWindow
    from runmanager.gui.service import QueueService

    other = MainWindow(QueueService(window.service.path, starter=lambda *_: None), open_settings(), forecasts=False)
    qtbot.addWidget(other, before_close_func=lambda _: other.leave())
    wait_rows(qtbot, other, 3)
    other.queue_view.select_ids([three[0]])
    other.service.remove([three[0]])
    window.service.move([three[2]], three[1])
    for each in (window, other):
        qtbot.waitUntil(lambda shown=each: queued_ids(shown) == [three[2], three[1]])
