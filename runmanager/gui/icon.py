"""The window's icon, drawn: one spin in one dot."""

from PySide6.QtCore import QPointF, QRectF, Qt  # noqa: TID253
from PySide6.QtGui import QBrush, QColor, QIcon, QPainter, QPen, QPixmap, QPolygonF  # noqa: TID253

SIZE = 64


def window_icon() -> QIcon:
    """A dot with an arrow through it."""
    picture = QPixmap(SIZE, SIZE)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QBrush(QColor("#0a6ebd")))
    painter.drawEllipse(QRectF(4, 4, SIZE - 8, SIZE - 8))
    painter.setPen(QPen(QColor("#ffffff"), 6, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
    painter.drawLine(QPointF(24, 50), QPointF(37, 24))
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QBrush(QColor("#ffffff")))
    painter.drawPolygon(QPolygonF([QPointF(43, 11), QPointF(44, 31), QPointF(28, 23)]))
    painter.end()
    return QIcon(picture)
