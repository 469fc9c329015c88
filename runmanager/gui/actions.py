"""Everything one can do in the window, once: menu, buttons, context menus and the key overview come from here."""

from dataclasses import dataclass

from PySide6.QtCore import Qt  # noqa: TID253
from PySide6.QtGui import QAction, QKeySequence  # noqa: TID253
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLabel, QVBoxLayout, QWidget  # noqa: TID253


@dataclass(frozen=True)
class Wish:
    """One action: where it stands in the menus, its text, its keys (the first is shown) and what it does."""

    menu: str
    text: str
    keys: tuple[str, ...] = ()
    help: str = ""
    checkable: bool = False


WISHES: dict[str, Wish] = {
    "queue": Wish("&Queue", "&Queue this experiment", ("Ctrl+Return", "Ctrl+Enter"), "queue what the form says"),
    "start": Wish("&Queue", "&Start", ("F5",), "let the queue run"),
    "hold": Wish("&Queue", "&Hold the queue", ("Ctrl+H",), "start nothing new; what runs goes on", checkable=True),
    "pause": Wish(
        "&Run", "&Pause", ("Ctrl+P",), "at the next safe checkpoint, light and microwave off", checkable=True
    ),
    "stop_after": Wish("&Run", "S&top after this", ("Ctrl+Shift+S",), "finish what runs, start nothing more"),
    "abort": Wish("&Run", "&Abort", ("Ctrl+Backspace",), "safe state now; what was measured is kept"),
    "edit": Wish("&Entry", "&Edit", (), "double click or Return; Enter saves"),
    "duplicate": Wish("&Entry", "&Duplicate", ("Ctrl+D",), "queue the selected ones once more"),
    "remove": Wish("&Entry", "&Remove", (), "Delete; run files stay"),
    "up": Wish("&Entry", "Move &up", (), "Alt+Up, or drag"),
    "down": Wish("&Entry", "Move d&own", (), "Alt+Down, or drag"),
    "confirm": Wish("&Entry", "Run &although the forecast warns", (), "the violations are in the row's tooltip"),
    "resume": Wish("&Entry", "Re&sume where it stopped", ("Ctrl+R",), "interrupted, aborted or failed runs"),
    "repeat": Wish("&Entry", "Re&peat from the start", ("Ctrl+Shift+R",), "ended runs"),
    "use": Wish("&Entry", "Use these &parameters", ("Ctrl+U",), "fill the form from the selected row"),
    "use_file": Wish("&File", "Use the parameters of a run &file…", ("Ctrl+O",), "or drag the file onto the window"),
    "export_layout": Wish("&File", "E&xport layout…", (), "one file for a colleague"),
    "import_layout": Wish("&File", "&Import layout…", (), "a file that 'Export layout' wrote"),
    "quit": Wish("&File", "&Quit", ("Ctrl+Q",), "a run may go on without the window"),
    "bigger": Wish("&View", "&Larger letters", ("Ctrl++", "Ctrl+="), ""),
    "smaller": Wish("&View", "S&maller letters", ("Ctrl+-",), ""),
    "usual": Wish("&View", "Letters as &usual", ("Ctrl+0",), ""),
    "run_at_once": Wish(
        "&Settings", "Queueing &starts the queue", (), "off: the queue waits for Start", checkable=True
    ),
    "sound": Wish("&Settings", "&Sound at the end of a run", (), "", checkable=True),
    "notify": Wish("&Settings", "Desktop &message at the end of a run", (), "", checkable=True),
    "hook": Wish("&Settings", "&Command at the end of a run…", (), "e.g. a script that sends a message"),
    "keys": Wish("&Help", "&Keys", ("F1",), "this overview"),
}

IN_TABLES = (
    ("Delete", "remove the selected entries"),
    ("Return, double click", "edit a queued entry; use the parameters of an ended one"),
    ("Alt+Up, Alt+Down", "move the selected entries; rows can also be dragged"),
    ("Enter, Escape", "in the form while editing: save, leave it as it was"),
    ("Ctrl+1 … Ctrl+9", "go to a panel"),
)


def make_actions(parent: QWidget) -> dict[str, QAction]:
    """A QAction for every wish, with its keys, known to ``parent``."""
    made = {}
    for name, wish in WISHES.items():
        action = QAction(wish.text, parent)
        action.setObjectName(name)
        action.setShortcuts([QKeySequence(keys) for keys in wish.keys])
        action.setShortcutContext(Qt.ShortcutContext.WindowShortcut)
        action.setCheckable(wish.checkable)
        shown = f" ({wish.keys[0]})" if wish.keys else ""
        action.setToolTip(f"{wish.text.replace('&', '')}{shown}" + (f": {wish.help}" if wish.help else ""))
        action.setStatusTip(wish.help)
        parent.addAction(action)
        made[name] = action
    return made


def key_overview() -> str:
    """All keys as an HTML table."""
    rows = [(", ".join(w.keys), f"{w.text.replace('&', '')}{': ' * bool(w.help)}{w.help}") for w in WISHES.values()]
    rows = [row for row in rows if row[0]] + list(IN_TABLES)
    body = "".join(f"<tr><td><b>{keys}</b>&nbsp;&nbsp;</td><td>{text}</td></tr>" for keys, text in rows)
    return f"<table cellpadding='3'>{body}</table>"


def key_dialog(parent: QWidget) -> QDialog:
    """The overview that F1 shows."""
    dialog = QDialog(parent)
    dialog.setWindowTitle("Keys")
    layout = QVBoxLayout(dialog)
    layout.addWidget(QLabel(key_overview(), dialog))
    buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close, dialog)
    buttons.rejected.connect(dialog.reject)
    layout.addWidget(buttons)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    return dialog
