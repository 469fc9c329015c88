"""The catalogue as a person uses it. Files are read in processes, so the tests wait for what appears."""

import importlib.util
import os
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt  # noqa: TID253
from PySide6.QtGui import QDesktopServices, QImage  # noqa: TID253

from runfile.reader import RunFile
from runmanager.catalogue import reanalysis
from runmanager.catalogue.reading_process import ReadingProcesses
from runmanager.catalogue.records import Kind, Summary
from runmanager.gui import catalogue_model as columns
from runmanager.gui.catalogue import CatalogueWidget
from runmanager.gui.catalogue_detail import detail_html, several_html
from runmanager.gui.catalogue_model import CatalogueModel, cell_text, verdict_text
from runmanager.gui.compare import CompareWindow
from runmanager.gui.reanalyse_dialog import ReanalyseDialog, difference_text, is_notable
from runmanager.gui.viewer import RunViewer

_SPEC = importlib.util.spec_from_file_location(
    "catalogue_laboratory", Path(__file__).parents[1] / "catalogue" / "conftest.py"
)
laboratory = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(laboratory)

WAIT_MS = 60_000
ESR = {"frequency_points": (41, ""), "line": ("highest", ""), "microwave_power": (3.5, "dBm")}


@pytest.fixture(scope="module")
def _written_once(tmp_path_factory):
    home = tmp_path_factory.mktemp("gui-laboratory") / "runs"
    for k in range(3):
        laboratory.write_run(home / f"esr-{k}.h5", procedure="esr", seed=k, lifetime_ns=14.0 + k, parameters=ESR)
    laboratory.write_run(home / "g2.h5", procedure="g2", passed=False, status="aborted")
    (home / "torn.h5").write_bytes(b"\x89HDF\r\n\x1a\n")
    os.utime(home / "torn.h5", (laboratory.OLD_S, laboratory.OLD_S))
    return home


@pytest.fixture
def folder(_written_once, tmp_path, monkeypatch):
    import shutil

    monkeypatch.setenv("SOLOTRON_CACHE_FOLDER", str(tmp_path / "cache"))
    monkeypatch.setenv("SOLOTRON_DATA_FOLDER", str(tmp_path / "data"))
    return Path(shutil.copytree(_written_once, tmp_path / "runs"))


@pytest.fixture(scope="module")
def readers():
    """Starting these takes seconds."""
    with ReadingProcesses(1) as processes:
        yield processes


@pytest.fixture
def widget(qtbot, folder, readers):
    made = CatalogueWidget(folder=folder, readers=readers)
    qtbot.addWidget(made)
    made.resize(1280, 800)
    made.show()
    qtbot.waitUntil(lambda: made.model.rowCount() == 5, timeout=WAIT_MS)
    yield made
    made.shutdown()


def shown(widget):
    return [widget.model.row(k).name for k in range(widget.model.rowCount())]


def opened(widget, kind, qtbot):
    qtbot.waitUntil(lambda: any(isinstance(window, kind) for window in widget._windows), timeout=WAIT_MS)
    return next(window for window in widget._windows if isinstance(window, kind))


def test_all_runs_of_the_folder_are_listed(widget):
    assert set(shown(widget)) == {"esr-0.h5", "esr-1.h5", "esr-2.h5", "g2.h5", "torn.h5"}
    assert "5 measurements" in widget.told.text()


def test_typing_searches(widget, qtbot):
    qtbot.keyClicks(widget.search, "verdict:failed")
    qtbot.waitUntil(lambda: shown(widget) == ["g2.h5"], timeout=WAIT_MS)
    assert "1 of 5" in widget.told.text()
    assert "verdict failed" in widget.told.text()


def test_a_wrong_search_explains_and_keeps_the_rows(widget, qtbot):
    widget.search_for("lifetim>3")
    qtbot.waitUntil(lambda: "did you mean lifetime" in widget.told.text(), timeout=WAIT_MS)
    assert widget.model.rowCount() == 5


def test_ctrl_f_goes_to_the_search_field(widget, qtbot):
    widget.table.setFocus()
    with qtbot.waitActive(widget):
        widget.activateWindow()
    qtbot.keyClick(widget.table, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(widget.search.hasFocus, timeout=WAIT_MS)


def test_a_new_run_appears_by_itself(widget, qtbot, folder):
    laboratory.write_run(folder / "later" / "new.h5")
    widget.actions_by_name["look"].trigger()
    qtbot.waitUntil(lambda: "later/new.h5" in shown(widget), timeout=WAIT_MS)


def test_the_selection_survives_new_rows(widget, qtbot, folder):
    widget.select("esr-1.h5")
    laboratory.write_run(folder / "new.h5")
    widget.actions_by_name["look"].trigger()
    qtbot.waitUntil(lambda: widget.model.rowCount() == 6, timeout=WAIT_MS)
    assert [row.name for row in widget.selected()] == ["esr-1.h5"]


def test_return_opens_the_run_with_everything_in_it(widget, qtbot):
    widget.select("esr-1.h5")
    widget.activateWindow()
    widget.table.setFocus()
    qtbot.waitUntil(widget.table.hasFocus, timeout=WAIT_MS)
    qtbot.keyClick(widget.table, Qt.Key.Key_Return)
    viewer = opened(widget, RunViewer, qtbot)
    qtbot.waitUntil(lambda: "passed" in viewer.head, timeout=WAIT_MS)
    titles = [viewer.tabs.tabText(k) for k in range(viewer.tabs.count())]
    assert titles == [
        "Plots", "Results", "Checks", "Parameters", "Log", "Notes", "Instruments", "Station file", "Sample sheet",
        "Versions",
    ]  # fmt: skip
    results = viewer.tab("Results")
    assert results.item(1, 0).text() == "lifetime"
    assert results.item(1, 1).text() == "15.000 ± 0.030 ns"
    assert "frequency_points" in {viewer.tab("Parameters").item(k, 0).text() for k in range(3)}


def test_a_run_without_a_readable_plot_says_so(widget, qtbot, folder):
    widget.select("g2.h5")
    widget.actions_by_name["open"].trigger()
    viewer = opened(widget, RunViewer, qtbot)
    qtbot.waitUntil(lambda: "failed" in viewer.head, timeout=WAIT_MS)
    assert "the fit is bad" in viewer.head


def test_a_plot_is_shown_in_the_viewer(widget, qtbot, folder):
    laboratory.write_run(folder / "odd.h5", procedure="a new one")
    widget.actions_by_name["look"].trigger()
    qtbot.waitUntil(lambda: "odd.h5" in shown(widget), timeout=WAIT_MS)
    widget.select("odd.h5")
    widget.actions_by_name["open"].trigger()
    viewer = opened(widget, RunViewer, qtbot)
    qtbot.waitUntil(lambda: "data" in viewer.plots.names(), timeout=WAIT_MS)


def test_ctrl_click_selects_several_to_compare(widget, qtbot, folder):
    for k in range(2):
        laboratory.write_run(folder / f"odd-{k}.h5", procedure="a new one", parameters={"power": (float(k), "dBm")})
    widget.actions_by_name["look"].trigger()
    qtbot.waitUntil(lambda: widget.model.rowCount() == 7, timeout=WAIT_MS)
    for k, modifier in enumerate((Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ControlModifier)):
        cell = widget.table.visualRect(widget.model.index(widget.model.number_of(f"odd-{k}.h5"), columns.PROCEDURE))
        qtbot.mouseClick(widget.table.viewport(), Qt.MouseButton.LeftButton, modifier, cell.topLeft() + QPoint(5, 5))
    assert widget.actions_by_name["compare"].text() == "Compare 2"
    widget.actions_by_name["compare"].trigger()
    window = opened(widget, CompareWindow, qtbot)
    qtbot.waitUntil(lambda: "data" in window.plots.names(), timeout=WAIT_MS)
    assert {window.table.item(k, 0).text() for k in range(2)} == {"power = 0 dBm", "power = 1 dBm"}
    window.normalise.setChecked(True)
    qtbot.waitUntil(lambda: window.found.normalised, timeout=WAIT_MS)
    assert max(curve.y.max() for curve in window.found.views[0].curves) == pytest.approx(1.0)


def test_use_these_parameters_gives_a_job(widget, qtbot):
    widget.select("esr-2.h5")
    with qtbot.waitSignal(widget.use_parameters, timeout=WAIT_MS) as signal:
        widget.actions_by_name["use"].trigger()
    job = signal.args[0]
    assert (job.procedure, job.seed, dict(job.settings)["frequency_points"]) == ("esr", 2, "41")


def test_unreadable_files_can_only_be_looked_at(widget):
    widget.select("torn.h5")
    enabled = {name: action.isEnabled() for name, action in widget.actions_by_name.items()}
    assert not any(enabled[name] for name in ("open", "compare", "reanalyse", "use", "report"))
    assert enabled["folder"]
    assert "cannot be read" in widget.detail.text()


def test_what_cannot_be_analysed_today_is_told_in_the_dialog(widget, qtbot):
    widget.select("esr-0.h5")
    widget.actions_by_name["reanalyse"].trigger()
    dialog = opened(widget, ReanalyseDialog, qtbot)
    qtbot.waitUntil(lambda: "Analysing" not in dialog.head, timeout=WAIT_MS)
    assert not dialog.store_button.isEnabled()


def test_today_is_stored_only_when_asked(widget, qtbot, folder, monkeypatch):
    dialog = ReanalyseDialog(folder / "esr-0.h5", widget._readings, widget)
    monkeypatch.setattr("analysis.registry.analyse", lambda run: laboratory.analysis(lifetime_ns=14.6))
    dialog._show(reanalysis.reanalyse(folder / "esr-0.h5"))
    rows = {dialog.table.item(k, 0).text(): dialog.table.item(k, 3).text() for k in range(dialog.table.rowCount())}
    assert rows["lifetime"] == "+14"
    assert "1 of 3 results differ: lifetime" in dialog.head
    with RunFile(folder / "esr-0.h5") as run:
        assert run.analysis().results["lifetime"].value == 14.0
    with qtbot.waitSignal(dialog.stored, timeout=WAIT_MS):
        dialog.store_button.click()
    with RunFile(folder / "esr-0.h5") as run:
        assert run.analysis().results["lifetime"].value == 14.6
    assert len(list(folder.glob("esr-0-earlier-analysis-*.json"))) == 1
    dialog.close()


def test_the_folder_of_a_run_is_opened(widget, monkeypatch, folder):
    asked = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: asked.append(url.toLocalFile()))
    widget.select("esr-0.h5")
    widget.actions_by_name["folder"].trigger()
    assert asked == [str(folder)]


def test_a_report_that_cannot_be_written_is_told(widget, qtbot):
    widget.select("g2.h5")
    with qtbot.waitSignal(
        widget.message, timeout=WAIT_MS, check_params_cb=lambda text: not text.startswith("writing")
    ) as signal:
        widget.actions_by_name["report"].trigger()
    assert "g2.h5" in signal.args[0]


def test_small_pictures_come_by_themselves(widget, qtbot, folder):
    laboratory.write_run(folder / "odd.h5", procedure="a new one")
    widget.actions_by_name["look"].trigger()
    qtbot.waitUntil(lambda: "odd.h5" in shown(widget), timeout=WAIT_MS)

    def picture():
        number = widget.model.number_of("odd.h5")
        return widget.model.data(widget.model.index(number, 0), Qt.ItemDataRole.DecorationRole)

    qtbot.waitUntil(lambda: picture() is not None and not picture().isNull(), timeout=WAIT_MS)
    widget.actions_by_name["pictures"].setChecked(False)
    assert picture() is None


def test_a_folder_that_comes_later_is_shown_when_it_is_there(qtbot, tmp_path, monkeypatch, readers):
    monkeypatch.setattr("runmanager.gui.catalogue_thread.LOOK_EVERY_S", 0.05)
    widget = CatalogueWidget(folder=tmp_path / "later", readers=readers)
    qtbot.addWidget(widget)
    try:
        qtbot.waitUntil(lambda: "is not a folder" in widget.told.text(), timeout=WAIT_MS)
        laboratory.write_run(tmp_path / "later" / "x.h5")
        qtbot.waitUntil(lambda: shown(widget) == ["x.h5"], timeout=WAIT_MS)
    finally:
        widget.shutdown()


def test_shutdown_ends_all_and_may_be_called_twice(qtbot, folder):
    widget = CatalogueWidget(folder=folder)
    qtbot.addWidget(widget)
    widget.shutdown()
    widget.shutdown()
    assert widget._thread.isFinished()


# --- the model and the texts alone ------------------------------------------------------------------------------------


def rows_of(n):
    return tuple(
        Summary(f"{k}.h5", Kind.RUN, 1, procedure="g2", started_at=float(k), headline=f"lifetime {k}.0 ± 0.1 ns")
        for k in range(n)
    )


def test_rows_are_sorted_by_any_column_with_unknown_ones_last(qtmodeltester):
    model = CatalogueModel()
    unknown = Summary("none.h5", Kind.UNREADABLE, 1, problem="none.h5: torn")
    model.set_rows((*rows_of(12), unknown))
    qtmodeltester.check(model)
    for order, first in ((Qt.SortOrder.AscendingOrder, "0.h5"), (Qt.SortOrder.DescendingOrder, "11.h5")):
        for column in (columns.STARTED, columns.RESULT):
            model.sort(column, order)
            assert model.row(0).name == first
            assert model.row(12).name == "none.h5"
    assert cell_text(unknown, columns.RESULT) == "torn"


def test_a_picture_of_a_changed_file_is_asked_for_again():
    model = CatalogueModel()
    model.picture_size = columns.QSize(60, 40)
    model.set_rows(rows_of(1))
    image = QImage(320, 200, QImage.Format.Format_RGB32)
    model.set_picture("0.h5", image, 1.0)
    asked = []
    model.picture_wanted.connect(asked.append)
    assert not model.data(model.index(0, 0), Qt.ItemDataRole.DecorationRole).isNull()
    model.set_rows((Summary("0.h5", Kind.RUN, 2),))
    model.data(model.index(0, 0), Qt.ItemDataRole.DecorationRole)
    assert asked == ["0.h5"]


def test_verdict_and_end_are_told_together():
    assert verdict_text(Summary("x", Kind.RUN, 1, exit_status="aborted", passed=False)) == "✗ failed (aborted)"
    assert verdict_text(Summary("x", Kind.RUN, 1, exit_status="running")) == "running"


def test_nothing_of_a_file_becomes_markup():
    row = Summary("<b>x</b>.h5", Kind.RUN, 1, title="<script>", reason="a<b", passed=False)
    for text in (detail_html(row, "g", "b", "q"), several_html((row,), "q")):
        assert "<script>" not in text
        assert "<b>x</b>" not in text


def test_differences_in_words():
    stored = laboratory.Result(1.0, 0.1, "ns", "")
    other_unit = laboratory.Result(1.0, 0.1, "us", "")
    unclear = laboratory.Result(float("nan"), 0.1, "ns", "")
    assert difference_text(reanalysis.compare("x", stored, None)) == "no longer found"
    assert difference_text(reanalysis.compare("x", None, stored)) == "not stored"
    assert difference_text(reanalysis.compare("x", stored, other_unit)) == "other unit"
    assert difference_text(reanalysis.compare("x", unclear, unclear)) == "both undetermined"
    assert is_notable(reanalysis.compare("x", stored, unclear))
    assert not is_notable(reanalysis.compare("x", stored, stored))
