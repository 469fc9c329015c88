"""The panels of the window and where they stand before anybody moves them."""

from dataclasses import dataclass
from itertools import pairwise

from PySide6.QtCore import Qt  # noqa: TID253
from PySide6.QtGui import QKeySequence, QShortcut  # noqa: TID253
from PySide6.QtWidgets import QDockWidget, QFrame, QMainWindow, QScrollArea, QWidget  # noqa: TID253

LEFT = Qt.DockWidgetArea.LeftDockWidgetArea
BOTTOM = Qt.DockWidgetArea.BottomDockWidgetArea


@dataclass(frozen=True)
class Panel:
    """A panel's stable name (the layout file knows it by that), its title, its place and its content.

    ``wide``: scrolled sideways where there is no room for it, so that it does not widen the window.
    """

    name: str
    title: str
    area: Qt.DockWidgetArea
    widget: QWidget
    wide: bool = False


def add_docks(window: QMainWindow, panels: tuple[Panel, ...]) -> dict[str, QDockWidget]:
    """Make a dock of every panel; those at the bottom share their place as tabs. Ctrl+1 … go to them."""
    window.setDockNestingEnabled(True)
    window.setCorner(Qt.Corner.BottomLeftCorner, LEFT)
    docks: dict[str, QDockWidget] = {}
    for number, panel in enumerate(panels, start=1):
        dock = QDockWidget(panel.title, window)
        dock.setObjectName(panel.name)
        dock.setWidget(_scrolled(panel.widget) if panel.wide else panel.widget)
        window.addDockWidget(panel.area, dock)
        docks[panel.name] = dock
        if number <= 9:
            keys = QShortcut(QKeySequence(f"Ctrl+{number}"), window)
            keys.activated.connect(lambda wanted=dock: bring_up(wanted))
    bottom = [docks[panel.name] for panel in panels if panel.area == BOTTOM]
    for first, second in pairwise(bottom):
        window.tabifyDockWidget(first, second)
    if bottom:
        bottom[0].raise_()
    return docks


def _scrolled(widget: QWidget) -> QScrollArea:
    area = QScrollArea()
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    area.setWidget(widget)
    return area


def usual_sizes(window: QMainWindow, docks: dict[str, QDockWidget]) -> None:
    """Proportions for a window that nobody has arranged yet."""
    left = [dock for dock in docks.values() if window.dockWidgetArea(dock) == LEFT]
    bottom = [dock for dock in docks.values() if window.dockWidgetArea(dock) == BOTTOM]
    if left:
        wide = min(round(0.34 * window.width()), 44 * window.fontMetrics().averageCharWidth() + 120)
        window.resizeDocks(left[:1], [wide], Qt.Orientation.Horizontal)
    if len(left) > 1:
        high = window.height()
        window.resizeDocks(left[:2], [round(0.24 * high), round(0.76 * high)], Qt.Orientation.Vertical)
    if bottom:
        window.resizeDocks(bottom[:1], [round(0.33 * window.height())], Qt.Orientation.Vertical)


def show_only(dock: QDockWidget) -> None:
    """Show a panel in front of those it shares its place with; the keyboard stays where it is."""
    dock.show()
    dock.raise_()


def bring_up(dock: QDockWidget) -> None:
    """Show a panel and give it the keyboard."""
    show_only(dock)
    widget = dock.widget()
    if widget is None:
        return
    if widget.focusPolicy() == Qt.FocusPolicy.NoFocus:  # a panel of several widgets: its first one that takes keys
        takers = (
            w for w in widget.findChildren(QWidget) if w.isVisible() and w.focusPolicy() & Qt.FocusPolicy.TabFocus
        )
        widget = next(takers, widget)
    widget.setFocus(Qt.FocusReason.ShortcutFocusReason)
