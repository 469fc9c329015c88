"""The experiment explorer: all procedures with one line each."""

from PySide6.QtCore import Qt, Signal  # noqa: TID253
from PySide6.QtWidgets import QLineEdit, QListWidget, QListWidgetItem, QVBoxLayout, QWidget  # noqa: TID253

from procedures import registry

NAME = Qt.ItemDataRole.UserRole


class ExperimentExplorer(QWidget):
    """List of experiments, filtered as one types; ``chosen(procedure)`` whenever another one is selected."""

    chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.filter = QLineEdit(self)
        self.filter.setPlaceholderText("Find an experiment")
        self.filter.setClearButtonEnabled(True)
        self.filter.textChanged.connect(self._apply_filter)
        self.list = QListWidget(self)
        self.list.setWordWrap(True)
        self.list.setAlternatingRowColors(True)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        for name, entry in registry.PROCEDURES.items():
            item = QListWidgetItem(f"{name}\n{entry.measures}")
            item.setData(NAME, name)
            item.setToolTip(entry.measures)
            self.list.addItem(item)
        self.list.currentItemChanged.connect(self._announce)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(4, 4, 4, 4)
        layout.addWidget(self.filter)
        layout.addWidget(self.list)

    def current(self) -> str:
        """The selected procedure; "" when the filter hides all."""
        item = self.list.currentItem()
        return "" if item is None else str(item.data(NAME))

    def select(self, procedure: str) -> None:
        """Select a procedure by name; an unknown name changes nothing."""
        for number in range(self.list.count()):
            if self.list.item(number).data(NAME) == procedure:
                self.filter.clear()
                self.list.setCurrentRow(number)
                return

    def _apply_filter(self, text: str) -> None:
        wanted = text.strip().lower()
        for number in range(self.list.count()):
            item = self.list.item(number)
            item.setHidden(wanted not in item.text().lower())

    def _announce(self, item: QListWidgetItem | None) -> None:
        if item is not None:
            self.chosen.emit(str(item.data(NAME)))
