"""The queue's table model: refreshed row by row, never wrong."""

import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QPersistentModelIndex, Qt  # noqa: TID253
from PySide6.QtTest import QAbstractItemModelTester  # noqa: TID253

from runfile.results import Result
from runmanager.gui import row_text
from runmanager.gui.queue_model import ENTRY, MIME, EntryTableModel
from runmanager.gui.queue_view import queue_columns
from runmanager.queue.entries import Ending, Entry, Job, Prediction, Status, Target


def entry(number, *, status=Status.QUEUED, **more):
    job = more.pop("job", Job("g2", settings=(("duration", str(number)),), twin=True))
    return Entry(id=number, status=status, position=float(number), job=job, added_at=0.0, **more)


@pytest.fixture
def model(qapp):
    made = EntryTableModel(queue_columns(lambda e: made.finish(e)), draggable=True)
    made.tester = QAbstractItemModelTester(made, QAbstractItemModelTester.FailureReportingMode.Fatal)
    return made


def text(model, row, title):
    column = [c.title for c in model.columns].index(title)
    return model.data(model.index(row, column))


def violated():
    return Prediction(10.0, 5, {}, passed=False, violations=("the field would exceed 5 T",))


def test_the_columns_are_those_a_lab_wants(model):
    titles = [model.headerData(n, Qt.Orientation.Horizontal) for n in range(model.columnCount())]
    assert titles == ["ID", "Status", "Experiment", "Key parameters", "Finishes", "Expected error", "Verdict"]


def test_a_row_says_what_was_changed_with_its_unit(model):
    model.refresh([entry(7)])
    assert text(model, 0, "ID") == "7"
    assert text(model, 0, "Key parameters").startswith("duration = 7 s")


def test_expected_error_is_that_of_the_target(model):
    job = Job("g2", twin=True, until=(Target("lifetime", 0.1),))
    results = {"g2_zero": Result(0.1, 0.02, "1", ""), "lifetime": Result(20.0, 0.34, "ns", "")}
    model.refresh([entry(1, job=job, prediction=Prediction(1.0, 1, results, passed=True))])
    assert text(model, 0, "Expected error") == "lifetime ± 0.34 ns"
    assert text(model, 0, "Verdict") == "forecast: would pass"


def test_without_a_target_the_first_result_with_an_error_counts(model):
    results = {"n": Result(3.0, 0.0, "1", ""), "g2_zero": Result(0.1, 0.0213, "1", "")}
    model.refresh([entry(1, prediction=Prediction(1.0, 1, results, passed=False))])
    assert text(model, 0, "Expected error") == "g2_zero ± 0.021"
    assert text(model, 0, "Verdict") == "forecast: verdict would fail"


def test_a_violation_marks_the_row_by_sign_words_colour_and_tooltip(model):
    model.refresh([entry(1, prediction=violated()), entry(2)])
    marked, plain = model.index(0, 1), model.index(1, 1)
    assert "\N{WARNING SIGN}" in model.data(marked)
    assert "would not complete" in text(model, 0, "Verdict")
    assert "exceed 5 T" in model.data(marked, Qt.ItemDataRole.ToolTipRole)
    assert model.data(marked, Qt.ItemDataRole.BackgroundRole) is not None
    assert model.data(plain, Qt.ItemDataRole.BackgroundRole) is None


def test_an_unsafe_end_is_the_first_thing_a_row_says():
    ended = entry(1, status=Status.FAILED, ending=Ending(4, 1.0, message="x", unsafe="close the shutter"))
    assert "SAFE STATE NOT CONFIRMED" in row_text.verdict(ended)


def test_finish_time_is_a_wall_clock_time(model):
    at_s = time.mktime((2026, 11, 22, 14, 5, 0, 0, 0, -1))
    assert row_text.clock(at_s, at_s - 60.0) == "14:05"
    assert row_text.clock(at_s + 86400.0, at_s) == "Mon 23 Nov 14:05"
    model.refresh([entry(1), entry(2)], {1: time.time(), 2: None})
    assert text(model, 0, "Finishes")
    assert text(model, 1, "Finishes") == ""


def test_only_the_changed_row_is_repainted(model, qtbot):
    rows = [entry(n) for n in range(1000)]
    model.refresh(rows)
    told = []
    model.dataChanged.connect(lambda first, last, roles: told.append((first.row(), last.row())))
    model.refresh([*rows[:500], entry(500, what="pumping", fraction=0.5), *rows[501:]])
    assert told == [(500, 500)]


def test_a_thousand_rows_are_refreshed_within_a_frame(qapp):
    model = EntryTableModel(queue_columns(lambda e: ""), draggable=True)
    rows = [entry(n) for n in range(1000)]
    model.refresh(rows)
    changed = [*rows[:10], entry(10, status=Status.RUNNING), *rows[11:]]
    took_s = min(_seconds(lambda wanted=wanted: model.refresh(wanted)) for wanted in (changed, rows, changed))
    assert took_s < 0.05


def _seconds(do):
    began_s = time.perf_counter()
    do()
    return time.perf_counter() - began_s


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(first=st.lists(st.integers(1, 30), unique=True), second=st.lists(st.integers(1, 30), unique=True))
def test_any_change_of_rows_ends_right_and_keeps_what_was_selected(model, first, second):
    model.refresh([entry(n) for n in first])
    kept = {n: QPersistentModelIndex(model.index(row, 0)) for row, n in enumerate(first)}
    model.refresh([entry(n) for n in second])
    assert [model.data(model.index(row, 0), ENTRY).id for row in range(model.rowCount())] == second
    for number, index in kept.items():
        assert index.isValid() == (number in second)
        if index.isValid():
            assert index.row() == second.index(number)


def test_dropping_rows_asks_for_the_move_and_changes_nothing_itself(model, qtbot):
    model.refresh([entry(n) for n in (1, 2, 3, 4)])
    packed = model.mimeData([model.index(2, 0), model.index(2, 1), model.index(3, 0)])
    assert packed.hasFormat(MIME)
    with qtbot.waitSignal(model.moved) as told:
        accepted = model.dropMimeData(packed, Qt.DropAction.MoveAction, 0, 0, model.index(-1, -1))
    assert told.args == [[3, 4], 1]
    assert not accepted
    assert model.entry(0).id == 1


def test_only_queued_rows_can_be_dragged(model):
    model.refresh([entry(1, status=Status.RUNNING), entry(2)])
    assert not model.flags(model.index(0, 0)) & Qt.ItemFlag.ItemIsDragEnabled
    assert model.flags(model.index(1, 0)) & Qt.ItemFlag.ItemIsDragEnabled
