"""Small read-only tables and trees of plain values, as viewer and dialogs need them."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

from PySide6.QtCore import Qt  # noqa: TID253 - the window's modules are imported late
from PySide6.QtGui import QColor, QFontDatabase, QKeySequence, QShortcut  # noqa: TID253
from PySide6.QtWidgets import (  # noqa: TID253
    QAbstractItemView,
    QApplication,
    QHeaderView,
    QPlainTextEdit,
    QTableWidget,
    QTableWidgetItem,
    QTreeWidget,
    QTreeWidgetItem,
)

_MOST_CHILDREN = 500


def new_table(titles: Sequence[str], name: str) -> QTableWidget:
    """An empty table whose cells can be selected and copied (Ctrl+C), not changed. ``name``: for screen readers."""
    table = QTableWidget(0, len(titles))
    table.setAccessibleName(name)
    table.setHorizontalHeaderLabels(list(titles))
    table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    table.setAlternatingRowColors(True)
    table.setWordWrap(True)
    table.verticalHeader().hide()
    table.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
    table.horizontalHeader().setStretchLastSection(True)
    copy = QShortcut(QKeySequence.StandardKey.Copy, table, context=Qt.ShortcutContext.WidgetShortcut)
    copy.activated.connect(lambda: copy_selection(table))
    return table


def fill(table: QTableWidget, rows: Iterable[Sequence[str]], colours: Iterable[str | None] = ()) -> None:
    """Put texts into a table; ``colours``: of each row's letters, None for the usual."""
    content = list(rows)
    letters = [*colours, *([None] * len(content))]
    table.setRowCount(len(content))
    for number, row in enumerate(content):
        for column, text in enumerate(row):
            item = QTableWidgetItem(text)
            item.setToolTip(text)
            colour = letters[number]
            if colour is not None:
                item.setForeground(QColor(colour))
            table.setItem(number, column, item)
    header = table.horizontalHeader()
    for column in range(table.columnCount() - 1):
        header.setSectionResizeMode(column, QHeaderView.ResizeMode.ResizeToContents)


def copy_selection(table: QTableWidget) -> None:
    """Copy the selected cells as lines with tabs, as spreadsheets take them."""
    chosen = sorted((item.row(), item.column(), item.text()) for item in table.selectedItems())
    lines: dict[int, list[str]] = {}
    for row, _, text in chosen:
        lines.setdefault(row, []).append(text)
    QApplication.clipboard().setText("\n".join("\t".join(cells) for cells in lines.values()))


def new_text(text: str, name: str) -> QPlainTextEdit:
    """A read-only page of text in letters of one width."""
    page = QPlainTextEdit(text)
    page.setAccessibleName(name)
    page.setReadOnly(True)
    page.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
    page.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
    return page


def new_tree(values: dict[str, Any], name: str) -> QTreeWidget:
    """Nested values as a tree, its first level folded."""
    tree = QTreeWidget()
    tree.setAccessibleName(name)
    tree.setColumnCount(2)
    tree.setHeaderLabels(["Name", "Value"])
    tree.setAlternatingRowColors(True)
    tree.addTopLevelItems([_branch(key, value) for key, value in values.items()])
    tree.header().setSectionResizeMode(0, QHeaderView.ResizeMode.ResizeToContents)
    return tree


def _branch(key: str, value: object) -> QTreeWidgetItem:
    if isinstance(value, dict) and value:
        item = QTreeWidgetItem([str(key), ""])
        item.addChildren([_branch(str(name), each) for name, each in value.items()])
        return item
    if isinstance(value, list) and any(isinstance(each, dict | list) for each in value):
        item = QTreeWidgetItem([str(key), f"{len(value)} items"])
        item.addChildren([_branch(str(number), each) for number, each in enumerate(value[:_MOST_CHILDREN])])
        return item
    return QTreeWidgetItem([str(key), plain_text(value)])


def plain_text(value: object) -> str:
    """A value on one line; long ones are cut."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    line = " ".join(text.split())
    return line if len(line) <= 400 else f"{line[:400]} … ({len(line)} characters)"
