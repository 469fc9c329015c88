"""Menu bar and context menus, made of the window's actions."""

from PySide6.QtGui import QAction, QActionGroup  # noqa: TID253
from PySide6.QtWidgets import QDockWidget, QMainWindow, QMenu  # noqa: TID253

from runmanager.gui.actions import WISHES
from runmanager.gui.theme import Theme
from runmanager.queue.entries import Entry, Status
from runmanager.queue.recovery import RESUMABLE

ORDER = ("&File", "&Queue", "&Run", "&Entry", "&View", "&Settings", "&Help")


def fill_menu_bar(
    window: QMainWindow, actions: dict[str, QAction], docks: dict[str, QDockWidget]
) -> dict[Theme, QAction]:
    """All menus; returns the three theme actions, of which one is checked."""
    menus = {title: window.menuBar().addMenu(title) for title in ORDER}
    for name, wish in WISHES.items():
        menus[wish.menu].addAction(actions[name])
    view = menus["&View"]
    view.addSeparator()
    group = QActionGroup(window)
    themes = {}
    for theme, text in ((Theme.SYSTEM, "Colours of the s&ystem"), (Theme.LIGHT, "Li&ght"), (Theme.DARK, "&Dark")):
        action = QAction(text, window)
        action.setCheckable(True)
        group.addAction(action)
        view.addAction(action)
        themes[theme] = action
    view.addSeparator()
    for dock in docks.values():
        view.addAction(dock.toggleViewAction())
    return themes


def fill_entry_menu(menu: QMenu, entries: list[Entry], *, actions: dict[str, QAction]) -> None:
    """What can be done with the selected rows."""
    for name in possible(entries):
        menu.addAction(actions[name])


def possible(entries: list[Entry]) -> tuple[str, ...]:
    """Names of the actions that make sense for these entries."""
    if not entries:
        return ()
    names = ["edit"] if len(entries) == 1 and entries[0].status is Status.QUEUED else []
    if len(entries) == 1:
        names.append("use")
    names.append("duplicate")
    if all(entry.status is Status.QUEUED for entry in entries):
        names += ["up", "down"]
    if any(entry.blocked for entry in entries):
        names.append("confirm")
    if any(entry.status in RESUMABLE for entry in entries):
        names.append("resume")
    if any(entry.status.ended for entry in entries):
        names.append("repeat")
    if all(entry.status not in (Status.RUNNING, Status.PAUSED) for entry in entries):
        names.append("remove")
    return tuple(names)
