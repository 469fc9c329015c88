"""The meaning colours that fit a widget's palette."""

from PySide6.QtGui import QPalette  # noqa: TID253 - the window's modules are imported late

from runmanager.gui.theme import DARK, LIGHT, Colours


def shades(palette: QPalette) -> Colours:
    """Colours with a meaning, for dark or light ground."""
    return DARK if palette.color(QPalette.ColorRole.Base).lightness() < 128 else LIGHT
