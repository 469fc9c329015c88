"""Closing the window while a run goes on: the run does not need the window, and that is said."""

from enum import Enum

from PySide6.QtWidgets import QMessageBox, QWidget  # noqa: TID253

from runmanager.queue.entries import Entry


class Choice(Enum):
    """What shall become of the run."""

    LEAVE = "leave it running"
    ABORT = "abort safely"
    STAY = "keep the window open"


def ask(parent: QWidget, entry: Entry) -> Choice:
    """Ask; leaving it running is the default, Escape keeps the window open."""
    box = QMessageBox(parent)
    box.setIcon(QMessageBox.Icon.Question)
    box.setWindowTitle("A run goes on")
    box.setText(f"Entry {entry.id} ({entry.job.procedure}) is running.")
    box.setInformativeText(
        "It does not need this window: left running, it and the queue go on, and the window finds them when it is "
        "opened again. Aborted, it reaches the safe state and keeps what was measured."
    )
    leave = box.addButton("Leave it running", QMessageBox.ButtonRole.AcceptRole)
    abort = box.addButton("Abort safely", QMessageBox.ButtonRole.DestructiveRole)
    stay = box.addButton("Keep the window open", QMessageBox.ButtonRole.RejectRole)
    box.setDefaultButton(leave)
    box.setEscapeButton(stay)
    box.exec()
    clicked = box.clickedButton()
    if clicked is leave:
        return Choice.LEAVE
    return Choice.ABORT if clicked is abort else Choice.STAY
