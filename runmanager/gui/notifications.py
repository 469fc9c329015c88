"""Tells the user that a run has ended: a desktop message where there is a tray, and a sound."""

from PySide6.QtGui import QIcon  # noqa: TID253
from PySide6.QtWidgets import QApplication, QSystemTrayIcon, QWidget  # noqa: TID253

from runmanager.gui import row_text
from runmanager.queue.entries import Entry

SHOWN_MS = 15_000


class Notifier:
    """One per window. The tray icon exists only where the desktop has a tray."""

    def __init__(self, parent: QWidget, icon: QIcon) -> None:
        self._tray: QSystemTrayIcon | None = None
        self.last = ""
        if QSystemTrayIcon.isSystemTrayAvailable():
            self._tray = QSystemTrayIcon(icon, parent)
            self._tray.setToolTip("solotron")
            self._tray.show()

    def tell(self, entry: Entry, *, sound: bool, message: bool) -> None:
        """Say how an entry ended."""
        title, text = headline(entry)
        self.last = f"{title}: {text}"
        if sound:
            QApplication.beep()
        if message and self._tray is not None:
            bad = entry.ending is None or entry.ending.exit_code > 1
            icon = QSystemTrayIcon.MessageIcon.Warning if bad else QSystemTrayIcon.MessageIcon.Information
            self._tray.showMessage(title, text, icon, SHOWN_MS)

    def close(self) -> None:
        """Take the tray icon away."""
        if self._tray is not None:
            self._tray.hide()
            self._tray = None


def headline(entry: Entry) -> tuple[str, str]:
    """Title and text of the message: safety first, then verdict and results."""
    title = f"{entry.job.procedure} ({entry.id}) {entry.status.value}"
    if entry.ending is not None and entry.ending.exit_code == 4:
        return f"SAFE STATE NOT CONFIRMED: {title}", entry.ending.unsafe or "look at the bench now"
    return title, ". ".join(text for text in (row_text.verdict(entry), row_text.results(entry)) if text)
