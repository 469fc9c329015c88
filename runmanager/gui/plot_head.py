"""What stands above a plot: title, buttons, legend, remark. Long texts never widen the plot."""

from html import escape

from PySide6.QtCore import Qt  # noqa: TID253 - the window's modules are imported late
from PySide6.QtWidgets import QHBoxLayout, QLabel, QMenu, QSizePolicy, QToolButton, QVBoxLayout, QWidget  # noqa: TID253

from analysis.views import Curve, View
from runmanager.gui.plot_legend import legend_html
from runmanager.gui.theme import colours, restyle, weight


class PlotHead(QWidget):
    """``row``: title and buttons, for further widgets of the plot's owner."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._title, self._legend, self._remark = QLabel(), QLabel(), QLabel()
        self._hues: list[str] = []
        self._curves: tuple[Curve, ...] = ()
        self._y_label = ""
        self._title.setFont(weight(bold=True))
        self._legend.setTextFormat(Qt.TextFormat.RichText)
        for label in (self._title, self._legend, self._remark):
            label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        for label in (self._legend, self._remark):
            label.setWordWrap(True)
            label.hide()
        self.row = QHBoxLayout()
        self.row.addWidget(self._title, stretch=1)
        column = QVBoxLayout(self)
        column.setContentsMargins(6, 2, 6, 0)
        column.setSpacing(0)
        column.addLayout(self.row)
        column.addWidget(self._legend)
        column.addWidget(self._remark)

    @property
    def remark(self) -> str:
        """The remark shown, "" when none is."""
        return self._remark.text() if self._remark.isVisibleTo(self) else ""

    def add_button(self, text: str, tip: str, menu: QMenu | None = None) -> QToolButton:
        """One more button at the right end, with a menu or to be connected."""
        button = QToolButton()
        button.setText(text)
        button.setToolTip(tip)
        button.setAutoRaise(True)
        if menu is not None:
            button.setMenu(menu)
            button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.row.addWidget(button)
        return button

    def show_view(self, view: View, hues: list[str]) -> None:
        """Texts of a view; ``hues``: the colours of its curves."""
        self._title.setText(view.title)
        self._title.setToolTip(view.title)
        self._curves, self._hues = view.curves, hues
        self._show_legend()
        restyle(self._remark, f"color: {colours().quiet}")
        self._remark.setText(view.remark)
        self._remark.setVisible(bool(view.remark))

    def show_y_label(self, text: str) -> None:
        """What the y axis is, where the axis itself has no room for it; "" when it has."""
        if text != self._y_label:
            self._y_label = text
            self._show_legend()

    def _show_legend(self) -> None:
        axis = f"<i>y: {escape(self._y_label)}</i>" if self._y_label else ""
        text = "&nbsp;&nbsp; ".join(part for part in (legend_html(self._curves, self._hues), axis) if part)
        if text != self._legend.text():
            self._legend.setText(text)
        self._legend.setVisible(bool(text))

    def clear(self) -> None:
        """No texts."""
        self._curves, self._hues, self._y_label = (), [], ""
        self._title.clear()
        self._legend.hide()
        self._remark.hide()
