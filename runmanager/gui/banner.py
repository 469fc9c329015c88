"""The red banner: a run ended without a confirmed safe state. It stays until somebody says it is done."""

from collections.abc import Iterable
from pathlib import Path

from PySide6.QtCore import QSettings, Qt, Signal  # noqa: TID253
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QWidget  # noqa: TID253

from runmanager.gui.theme import paint, weight
from runmanager.queue.entries import Entry

RED = "#b3261e"


class UnsafeBanner(QFrame):
    """What to do by hand, now. ``acknowledged(ids)`` when the button is pressed."""

    acknowledged = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._entries: tuple[Entry, ...] = ()
        self._instruction = ""  # from manual control, which has no entry
        self.text = QLabel(self)
        self.text.setWordWrap(True)
        self.text.setTextFormat(Qt.TextFormat.PlainText)
        self.text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.button = QPushButton("I have done this by hand", self)
        self.button.clicked.connect(self._acknowledge)
        row = QHBoxLayout(self)
        row.addWidget(self.text, 1)
        row.addWidget(self.button)
        for widget in (self.text, self.button):
            widget.setFont(weight(bold=True))
        paint(self, ground=RED, text="#ffffff")
        paint(self.text, ground=RED, text="#ffffff")
        paint(self.button, ground="#ffffff", text="#7a1f1a")
        self.hide()

    def show_entries(self, entries: tuple[Entry, ...]) -> None:
        """Show what these entries left behind; hidden when there is nothing to do by hand."""
        self._entries = entries
        self._show()

    def show_instruction(self, text: str) -> None:
        """Show what manual control left behind."""
        self._instruction = text
        self._show()

    def _acknowledge(self) -> None:
        self._instruction = ""
        self.acknowledged.emit(tuple(entry.id for entry in self._entries))
        self._show()

    def _show(self) -> None:
        lines = ["\N{WARNING SIGN} SAFE STATE NOT CONFIRMED. Do this by hand now:"]
        for entry in self._entries:
            what = entry.ending.unsafe or entry.ending.message if entry.ending else ""
            lines.append(f"entry {entry.id} ({entry.job.procedure}): {what or 'look at every instrument'}")
        if self._instruction:
            lines.append(self._instruction)
        self.text.setText("\n".join(lines))
        self.setVisible(len(lines) > 1)


def unsafe_entries(history: tuple[Entry, ...], acknowledged: frozenset[int]) -> tuple[Entry, ...]:
    """Ended entries with exit code 4 that nobody has acknowledged."""
    return tuple(
        entry
        for entry in history
        if entry.ending is not None and entry.ending.exit_code == 4 and entry.id not in acknowledged
    )


class Acknowledged:
    """Which unsafe ends of a queue somebody has dealt with by hand; kept in the user's settings."""

    def __init__(self, settings: QSettings, queue: Path) -> None:
        self._settings = settings
        self._key = f"acknowledged/{queue.as_posix().replace('/', '|')}"

    def ids(self) -> frozenset[int]:
        """Numbers of the entries."""
        return frozenset(int(word) for word in str(self._settings.value(self._key, "")).split() if word.isdecimal())

    def add(self, ids: Iterable[int]) -> None:
        """Remember these, too."""
        self._settings.setValue(self._key, " ".join(str(number) for number in sorted(self.ids() | set(ids))))
        self._settings.sync()
