"""The roles of the bench as a table: identity, values, interlock; violated ones by word, sign and colour."""

from PySide6.QtCore import Qt  # noqa: TID253 - the window's modules are imported late
from PySide6.QtGui import QBrush, QColor  # noqa: TID253
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTreeWidget, QTreeWidgetItem, QWidget  # noqa: TID253

from instruments.safety import SAFETY_ROLES
from runmanager.gui.instrument_model import RoleLine
from runmanager.gui.theme import colours

COLUMNS = ("Role", "Instrument", "Values", "Interlock")
ALWAYS = frozenset({*SAFETY_ROLES, "cryostat"})
"""Roles that safety needs: connected whether wanted or not."""


class RoleTableView(QTreeWidget):
    """One row a role, updated in place. Before connecting, roles that safety does not need can be left out."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._items: dict[str, QTreeWidgetItem] = {}
        self.setColumnCount(len(COLUMNS))
        self.setHeaderLabels(COLUMNS)
        self.setRootIsDecorated(False)
        self.setAlternatingRowColors(True)
        self.setUniformRowHeights(True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.header().setSectionResizeMode(0, QHeaderView.ResizeMode.ResizeToContents)
        self.header().setSectionResizeMode(1, QHeaderView.ResizeMode.Interactive)
        self.header().setSectionResizeMode(2, QHeaderView.ResizeMode.Interactive)
        self.header().setStretchLastSection(True)
        em = self.fontMetrics().height()
        self.setColumnWidth(1, 12 * em)
        self.setColumnWidth(2, 18 * em)

    def show_lines(self, lines: tuple[RoleLine, ...]) -> None:
        """Show these roles; rows of other roles go."""
        wanted = [line.role for line in lines]
        if list(self._items) != wanted:
            self._make_rows(wanted)
        for line in lines:
            self._fill(self._items[line.role], line)

    def set_choosing(self, choosing: bool) -> None:
        """Whether roles can be left out now."""
        for role, item in self._items.items():
            free = choosing and role not in ALWAYS
            flags = Qt.ItemFlag.ItemIsEnabled | (Qt.ItemFlag.ItemIsUserCheckable if free else Qt.ItemFlag.NoItemFlags)
            item.setFlags(flags)

    def set_brief(self, brief: bool) -> None:
        """Only roles and interlocks: the rest stands beside the controls."""
        for column in (1, 2):
            self.setColumnHidden(column, brief)

    def left_out(self) -> tuple[str, ...]:
        """Roles that shall not be connected."""
        unchecked = Qt.CheckState.Unchecked
        return tuple(role for role, item in self._items.items() if item.checkState(0) == unchecked)

    def text_of(self, role: str, column: int) -> str:
        """Text of one cell; KeyError for an unknown role."""
        return self._items[role].text(column)

    def leave_out(self, role: str, out: bool) -> None:
        """Tick or untick a role; those that safety needs stay ticked."""
        if role not in ALWAYS:
            self._items[role].setCheckState(0, Qt.CheckState.Unchecked if out else Qt.CheckState.Checked)

    def _make_rows(self, roles: list[str]) -> None:
        unticked = set(self.left_out())
        self.clear()
        self._items = {}
        for role in roles:
            item = QTreeWidgetItem([role.replace("_", " ")])
            item.setCheckState(0, Qt.CheckState.Unchecked if role in unticked else Qt.CheckState.Checked)
            item.setToolTip(0, "connected always: safety needs it" if role in ALWAYS else "untick to do without it")
            self.addTopLevelItem(item)
            self._items[role] = item

    def _fill(self, item: QTreeWidgetItem, line: RoleLine) -> None:
        instrument = f"{line.instrument}: {line.identity}" if line.identity else line.instrument
        sign = "" if not line.interlock_text else "✓ " if line.satisfied else "✗ "
        for column, text in ((1, instrument), (2, line.values_text), (3, sign + line.interlock_text)):
            if item.text(column) != text:
                item.setText(column, text)
                item.setToolTip(column, text)
        shades = colours()
        if line.interlock_text:
            item.setForeground(3, QBrush(QColor(shades.good if line.satisfied else shades.bad)))
            item.setBackground(3, QBrush() if line.satisfied else QBrush(QColor(shades.bad_background)))
