"""Theme, letters, layout, banner, notifications and hook: what the window remembers and how it shows danger."""

import json

import pytest
from PySide6.QtCore import Qt  # noqa: TID253
from PySide6.QtGui import QColor, QGuiApplication, QPalette  # noqa: TID253

from runfile.results import Result
from runmanager.gui import layout, theme
from runmanager.gui.layout import open_settings, read_preferences
from runmanager.gui.log_view import LONGEST, LogView
from runmanager.gui.notifications import headline
from runmanager.gui.theme import Theme
from runmanager.queue.entries import Ending, Entry, Job, Status

CTRL = Qt.KeyboardModifier.ControlModifier


def finished(store, *, code=0, unsafe="", status=Status.COMPLETED):
    """One ended entry in the store."""
    with store.hold() as holder:
        store.add(Job("g2", twin=True))
        entry = store.claim_next(holder)
        results = {"g2_zero": Result(0.11, 0.02, "1", "")}
        return store.finish(
            entry.id, status, Ending(code, 1.8e9, 5.0, results, (), passed=code == 0, message="", unsafe=unsafe)
        )


@pytest.mark.parametrize(("wanted", "dark"), [(Theme.DARK, True), (Theme.LIGHT, False)])
def test_the_view_menu_switches_dark_and_light_and_remembers(window, wanted, dark):
    window.themes[wanted].trigger()
    assert theme.is_dark() is dark
    assert read_preferences(open_settings()).theme is wanted


def _luminance(shade):
    linear = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in QColor(shade).getRgbF()[:3]]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    """WCAG 2.1 contrast ratio."""
    high, low = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize(("dark", "shades"), [(True, theme.DARK), (False, theme.LIGHT)])
def test_every_colour_with_a_meaning_is_readable(qapp, dark, shades):
    palette = theme.palette(dark=dark)
    for role in (QPalette.ColorRole.Base, QPalette.ColorRole.Window, QPalette.ColorRole.AlternateBase):
        ground = palette.color(role)
        assert contrast(palette.color(QPalette.ColorRole.Text), ground) > 7.0
        for shade in (shades.good, shades.warning, shades.bad, shades.quiet, shades.accent):
            assert contrast(shade, ground) > 4.5, (role, shade)
    assert contrast(shades.warning, shades.warning_background) > 4.5
    assert contrast(shades.bad, shades.bad_background) > 4.5


def test_letters_grow_and_shrink_within_what_is_readable(window, qtbot):
    usual = QGuiApplication.font().pointSize()
    height = window.queue_view.verticalHeader().defaultSectionSize()
    window.actions_by_name["bigger"].trigger()
    assert QGuiApplication.font().pointSize() == usual + 1
    for _ in range(40):
        window.actions_by_name["bigger"].trigger()
    assert QGuiApplication.font().pointSize() == theme.LARGEST_FONT_PT
    qtbot.waitUntil(lambda: window.queue_view.verticalHeader().defaultSectionSize() > 1.5 * height)
    window.actions_by_name["usual"].trigger()
    assert QGuiApplication.font().pointSize() == theme.DEFAULT_FONT_PT


def test_the_layout_is_remembered(window, qtbot):
    window.docks["log"].hide()
    window.docks["queue"].setFloating(True)
    layout.save_window(open_settings(), window)
    window.docks["log"].show()
    window.docks["queue"].setFloating(False)
    assert layout.restore_window(open_settings(), window)
    assert window.docks["log"].isHidden()
    assert window.docks["queue"].isFloating()


def test_a_layout_is_given_to_a_colleague_as_one_file(window, tmp_path):
    path = tmp_path / "mine.json"
    window.docks["log"].hide()
    window.appearance.set_theme(Theme.DARK)
    window.appearance.export_layout(path)
    window.docks["log"].show()
    window.appearance.set_theme(Theme.LIGHT)
    window.appearance.import_layout(path)
    assert window.docks["log"].isHidden()
    assert window.appearance.preferences.theme is Theme.DARK


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        "[" * 100_000,
        json.dumps({"format": "solotron window layout", "version": 99}),
        json.dumps({"format": "solotron window layout", "version": 1, "state": "!", "theme": "dark", "font_pt": 10}),
        json.dumps(
            {
                "format": layout.FORMAT,
                "version": 1,
                "state": "AAAA",
                "theme": "dark",
                "font_pt": 1,
                "width": 9,
                "height": 9,
            }
        ),
    ],
)
def test_a_file_that_is_no_layout_is_refused_and_changes_nothing(window, tmp_path, text):
    path = tmp_path / "bad.json"
    path.write_text(text, encoding="utf-8")
    before = (window.appearance.preferences, window.size())
    window.appearance.import_layout(path)
    assert "bad.json" in window.statusBar().currentMessage()
    assert (window.appearance.preferences, window.size()) == before


def test_damaged_settings_give_the_defaults(tmp_path, qapp):
    (tmp_path / "settings.ini").write_text("[General]\ntheme=pink\nfont_pt=huge\nsound=maybe\n", encoding="utf-8")
    found = read_preferences(open_settings())
    assert (found.theme, found.font_pt) == (Theme.SYSTEM, theme.DEFAULT_FONT_PT)


def test_it_fits_on_a_small_screen(window):
    assert window.minimumSizeHint().width() <= 1280
    assert window.minimumSizeHint().height() <= 800
    window.resize(1280, 800)
    assert (window.width(), window.height()) == (1280, 800)


def test_an_unsafe_end_is_a_red_banner_until_it_is_acknowledged(window, store, qtbot):
    entry = finished(store, code=4, unsafe="close the SC10 by hand", status=Status.FAILED)
    qtbot.waitUntil(window.banner.isVisible)
    assert "close the SC10 by hand" in window.banner.text.text()
    assert window.banner.palette().color(QPalette.ColorRole.Window) == QColor("#b3261e")
    window.banner.button.click()
    assert window.banner.isHidden()
    assert str(entry.id) in window.log_view.toPlainText()


def test_an_acknowledgement_is_remembered_and_another_unsafe_end_shows_again(window, store, qtbot):
    finished(store, code=4, unsafe="first", status=Status.FAILED)
    qtbot.waitUntil(window.banner.isVisible)
    window.banner.button.click()
    finished(store, code=4, unsafe="second", status=Status.FAILED)
    qtbot.waitUntil(window.banner.isVisible)
    assert "second" in window.banner.text.text()
    assert "first" not in window.banner.text.text()


def test_what_manual_control_left_behind_is_in_the_banner_too(window):
    window.banner.show_instruction("switch the generator off")
    assert "generator" in window.banner.text.text()
    window.banner.button.click()
    assert window.banner.isHidden()


def test_the_message_at_the_end_puts_safety_first():
    job = Job("esr", twin=True)
    ending = Ending(4, 1.0, unsafe="close the shutter")
    title, text = headline(Entry(3, Status.FAILED, 0.0, job, 0.0, ending=ending))
    assert title.startswith("SAFE STATE NOT CONFIRMED")
    assert text == "close the shutter"


def test_the_hook_is_checked_when_it_is_set_and_given_to_the_worker(window, started, qtbot):
    window.appearance.set_hook("no-such-program-anywhere --now")
    assert "no-such-program" in window.statusBar().currentMessage()
    assert window.service.hook == ""
    window.appearance.set_hook("true")
    window.actions_by_name["queue"].trigger()
    qtbot.waitUntil(lambda: [hook for _, hook in started] == ["true"])


def test_the_log_is_readable_after_a_change_of_the_theme(window):
    window.appearance.set_theme(Theme.LIGHT)
    for level in ("INFO", "WARNING", "ERROR"):
        window.log_view.write(level, f"a line of level {level}")
    window.appearance.set_theme(Theme.DARK)
    ground = window.log_view.palette().color(QPalette.ColorRole.Base)
    block = window.log_view.document().firstBlock()
    while block.isValid():
        form = block.begin().fragment().charFormat()
        ordinary = form.foreground().style() == Qt.BrushStyle.NoBrush
        shade = window.log_view.palette().text().color() if ordinary else form.foreground().color()
        assert contrast(shade, ground) > 4.5, block.text()
        block = block.next()


def test_the_log_is_bounded_and_follows_its_end(qtbot):
    view = LogView()
    qtbot.addWidget(view)
    view.show()
    for n in range(LONGEST + 100):
        view.write("INFO", f"line {n}", 1)
    assert view.blockCount() == LONGEST
    assert view.verticalScrollBar().value() == view.verticalScrollBar().maximum()
    view.write("ERROR", "two\nlines", None, now_s=0.0)
    assert view.toPlainText().splitlines()[-1].endswith("\N{MULTIPLICATION X} two lines")
