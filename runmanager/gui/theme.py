"""Dark and light: one palette each, and the colours that carry a meaning. Meaning never rests on colour alone."""

from dataclasses import dataclass
from enum import StrEnum

from PySide6.QtCore import Qt  # noqa: TID253 - the window's modules are imported late
from PySide6.QtGui import QColor, QFont, QGuiApplication, QPalette  # noqa: TID253
from PySide6.QtWidgets import QApplication, QWidget  # noqa: TID253

SMALLEST_FONT_PT = 7
LARGEST_FONT_PT = 28
DEFAULT_FONT_PT = 10


class Theme(StrEnum):
    """What the user chose; SYSTEM follows the desktop."""

    SYSTEM = "system"
    LIGHT = "light"
    DARK = "dark"


@dataclass(frozen=True)
class Colours:
    """Colours with a meaning, readable on the palette's base (contrast at least 4.5 to 1)."""

    good: str
    warning: str
    bad: str
    quiet: str
    accent: str
    bad_background: str
    warning_background: str


LIGHT = Colours(
    good="#00694e",
    warning="#8a4b00",
    bad="#b3261e",
    quiet="#5f6670",
    accent="#005fa3",
    bad_background="#fde7e5",
    warning_background="#fff1d6",
)
DARK = Colours(
    good="#4cc9a0",
    warning="#f0b357",
    bad="#ff8f87",
    quiet="#a3abb6",
    accent="#5fb4f0",
    bad_background="#4a1f1d",
    warning_background="#42341a",
)


def is_dark() -> bool:
    """True when the application's palette has light text on a dark ground."""
    return QGuiApplication.palette().color(QPalette.ColorRole.Window).lightness() < 128


def colours() -> Colours:
    """The meaning colours that fit the application's palette."""
    return DARK if is_dark() else LIGHT


def restyle(widget: QWidget, sheet: str) -> None:
    """Set a style sheet if it is another one; setting the same again would announce a change of palette for ever."""
    if widget.styleSheet() != sheet:
        widget.setStyleSheet(sheet)


def palette(*, dark: bool) -> QPalette:
    """The whole palette of the dark or the light window."""
    role = QPalette.ColorRole
    shades = (
        {
            role.Window: "#23262b",
            role.WindowText: "#e8eaed",
            role.Base: "#1a1d21",
            role.AlternateBase: "#212429",
            role.Text: "#e8eaed",
            role.Button: "#33373e",
            role.ButtonText: "#e8eaed",
            role.BrightText: "#ffffff",
            role.ToolTipBase: "#33373e",
            role.ToolTipText: "#e8eaed",
            role.Highlight: "#1f6fb2",
            role.HighlightedText: "#ffffff",
            role.PlaceholderText: "#8c94a0",
            role.Link: DARK.accent,
            role.Light: "#4a5059",
            role.Midlight: "#3d424a",
            role.Mid: "#14161a",
            role.Dark: "#101215",
            role.Shadow: "#000000",
        }
        if dark
        else {
            role.Window: "#f3f4f6",
            role.WindowText: "#1b1e23",
            role.Base: "#ffffff",
            role.AlternateBase: "#f6f7f9",
            role.Text: "#1b1e23",
            role.Button: "#e7e9ed",
            role.ButtonText: "#1b1e23",
            role.BrightText: "#ffffff",
            role.ToolTipBase: "#ffffff",
            role.ToolTipText: "#1b1e23",
            role.Highlight: "#0a6ebd",
            role.HighlightedText: "#ffffff",
            role.PlaceholderText: "#6b7280",
            role.Link: LIGHT.accent,
            role.Light: "#ffffff",
            role.Midlight: "#eceef1",
            role.Mid: "#b9bec6",
            role.Dark: "#9aa0a9",
            role.Shadow: "#5f6670",
        }
    )
    made = QPalette()
    for which, shade in shades.items():
        made.setColor(which, QColor(shade))
    faded = QColor("#7d8590" if dark else "#8a9099")
    for which in (role.WindowText, role.Text, role.ButtonText):
        made.setColor(QPalette.ColorGroup.Disabled, which, faded)
    return made


def wants_dark(theme: Theme) -> bool:
    """Whether the theme is dark today; SYSTEM asks the desktop."""
    if theme is Theme.SYSTEM:
        return QGuiApplication.styleHints().colorScheme() == Qt.ColorScheme.Dark
    return theme is Theme.DARK


def apply(application: QApplication, theme: Theme, font_pt: int) -> None:
    """Give every window of the application this theme and font size (points, kept within what is readable)."""
    if application.style().objectName().lower() != "fusion":
        application.setStyle("Fusion")
    application.setPalette(palette(dark=wants_dark(theme)))
    font = QFont(application.font())
    font.setPointSize(readable_pt(font_pt))
    application.setFont(font)


def paint(widget: QWidget, *, ground: str, text: str) -> None:
    """Colours of its own, in every theme. Not by style sheet, which would not follow the size of the letters."""
    shades = widget.palette()
    for role in (QPalette.ColorRole.Window, QPalette.ColorRole.Button, QPalette.ColorRole.Base):
        shades.setColor(role, QColor(ground))
    for role in (QPalette.ColorRole.WindowText, QPalette.ColorRole.ButtonText, QPalette.ColorRole.Text):
        shades.setColor(role, QColor(text))
    widget.setAutoFillBackground(True)
    widget.setPalette(shades)


def weight(*, bold: bool) -> QFont:
    """A font that says nothing but its weight, so that it follows every change of size."""
    font = QFont()
    font.setBold(bold)
    return font


def readable_pt(font_pt: int) -> int:
    """A font size in points within 7 and 28."""
    return min(max(font_pt, SMALLEST_FONT_PT), LARGEST_FONT_PT)
