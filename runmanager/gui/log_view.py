"""The log: lines of the run and of the window, coloured and marked by level, bounded in length."""

import time

from PySide6.QtCore import QEvent  # noqa: TID253
from PySide6.QtGui import QColor, QFontDatabase, QTextCharFormat, QTextCursor  # noqa: TID253
from PySide6.QtWidgets import QPlainTextEdit, QWidget  # noqa: TID253

from runmanager.gui.theme import colours

LONGEST = 5000
LEVELS = ("INFO", "WARNING", "ERROR", "CRITICAL")
SIGNS = {"WARNING": "\N{WARNING SIGN} ", "ERROR": "\N{MULTIPLICATION X} ", "CRITICAL": "\N{MULTIPLICATION X} "}


class LogView(QPlainTextEdit):
    """Read-only; follows the last line unless the user has scrolled up."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setReadOnly(True)
        self.setMaximumBlockCount(LONGEST)
        self.setUndoRedoEnabled(False)
        self.setPlaceholderText("Nothing has happened yet.")
        font = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
        font.setPointSize(max(self.font().pointSize(), 7))
        self.setFont(font)

    def write(self, level: str, text: str, entry_id: int | None = None, *, now_s: float | None = None) -> None:
        """Append one line; ``now_s`` wall clock in seconds since 1970 (None: now)."""
        stamp = time.strftime("%H:%M:%S", time.localtime(now_s))
        who = "" if entry_id is None else f"[{entry_id}] "
        bar = self.verticalScrollBar()
        follow = bar.value() >= bar.maximum() - 2
        cursor = QTextCursor(self.document())
        cursor.movePosition(QTextCursor.MoveOperation.End)
        if not self.document().isEmpty():
            cursor.insertBlock()
        cursor.insertText(f"{stamp} {who}{SIGNS.get(level, '')}{' '.join(text.split())}", _letters(level))
        cursor.block().setUserState(LEVELS.index(level) if level in LEVELS else 0)
        if follow:
            bar.setValue(bar.maximum())

    def changeEvent(self, event: QEvent) -> None:
        """Another theme: the lines that are there take its colours; ordinary ones have the palette's."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._paint_again()

    def _paint_again(self) -> None:
        block = self.document().firstBlock()
        while block.isValid():
            cursor = QTextCursor(block)
            cursor.select(QTextCursor.SelectionType.BlockUnderCursor)
            cursor.setCharFormat(_letters(LEVELS[max(block.userState(), 0)]))
            block = block.next()


def _letters(level: str) -> QTextCharFormat:
    """The colour of a level; ordinary lines have that of the palette."""
    form = QTextCharFormat()
    shade = {"WARNING": colours().warning, "ERROR": colours().bad, "CRITICAL": colours().bad}.get(level)
    if shade:
        form.setForeground(QColor(shade))
    return form
