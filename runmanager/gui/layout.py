"""What the window remembers: settings in one file of the user, and a layout that can be given to a colleague."""

import base64
import binascii
import json
import os
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QByteArray, QSettings, QStandardPaths  # noqa: TID253
from PySide6.QtWidgets import QMainWindow  # noqa: TID253

from runmanager.errors import BadInputError
from runmanager.gui.theme import DEFAULT_FONT_PT, Theme, readable_pt

SETTINGS_VARIABLE = "SOLOTRON_GUI_SETTINGS"
LAYOUT_VERSION = 1
FORMAT = "solotron window layout"
LARGEST_LAYOUT_BYTES = 1_000_000


@dataclass(frozen=True)
class Preferences:
    """Choices of the user. ``hook``: a command at the end of each run ("": none); ``run_at_once``: queueing starts."""

    theme: Theme = Theme.SYSTEM
    font_pt: int = DEFAULT_FONT_PT
    sound: bool = True
    notify: bool = True
    run_at_once: bool = True
    hook: str = ""


def settings_path() -> Path:
    """The settings' file: what SOLOTRON_GUI_SETTINGS names, else window.ini in the user's configuration folder."""
    named = os.environ.get(SETTINGS_VARIABLE)
    if named:
        return Path(named)
    folder = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.GenericConfigLocation)
    return Path(folder) / "solotron" / "window.ini"


def open_settings() -> QSettings:
    """The settings, made when first written."""
    return QSettings(str(settings_path()), QSettings.Format.IniFormat)


def read_preferences(settings: QSettings) -> Preferences:
    """The user's choices; a damaged value gives the default."""
    default = Preferences()
    try:
        theme = Theme(str(settings.value("theme", default.theme.value)))
    except ValueError:
        theme = default.theme
    try:
        font_pt = readable_pt(int(str(settings.value("font_pt", default.font_pt))))
    except ValueError:
        font_pt = default.font_pt
    return Preferences(
        theme=theme,
        font_pt=font_pt,
        sound=_flag(settings, "sound", default.sound),
        notify=_flag(settings, "notify", default.notify),
        run_at_once=_flag(settings, "run_at_once", default.run_at_once),
        hook=str(settings.value("hook", default.hook)),
    )


def write_preferences(settings: QSettings, preferences: Preferences) -> None:
    """Keep the user's choices."""
    settings.setValue("theme", preferences.theme.value)
    settings.setValue("font_pt", preferences.font_pt)
    settings.setValue("sound", preferences.sound)
    settings.setValue("notify", preferences.notify)
    settings.setValue("run_at_once", preferences.run_at_once)
    settings.setValue("hook", preferences.hook)
    settings.sync()


def _flag(settings: QSettings, name: str, default: bool) -> bool:
    return str(settings.value(name, default)).lower() in {"true", "1"}


def save_window(settings: QSettings, window: QMainWindow) -> None:
    """Remember where the docks are and how large the window is."""
    settings.setValue("geometry", window.saveGeometry())
    settings.setValue("state", window.saveState(LAYOUT_VERSION))
    settings.sync()


def restore_window(settings: QSettings, window: QMainWindow) -> bool:
    """Put the docks where they were; False when nothing (usable) was remembered."""
    geometry, state = settings.value("geometry"), settings.value("state")
    if isinstance(geometry, QByteArray):
        window.restoreGeometry(geometry)
    return isinstance(state, QByteArray) and window.restoreState(state, LAYOUT_VERSION)


def export_layout(path: Path, window: QMainWindow, preferences: Preferences) -> None:
    """Write the layout as one file for somebody else. BadInputError when it cannot be written."""
    document = {
        "format": FORMAT,
        "version": LAYOUT_VERSION,
        "state": base64.b64encode(window.saveState(LAYOUT_VERSION).data()).decode(),
        "width": window.width(),
        "height": window.height(),
        "theme": preferences.theme.value,
        "font_pt": preferences.font_pt,
    }
    try:
        path.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        raise BadInputError(f"the layout {path} cannot be written ({error.strerror or error})") from error


def import_layout(path: Path, window: QMainWindow) -> tuple[Theme, int]:
    """Take over somebody's layout; returns theme and font size. BadInputError when the file is not a layout."""
    try:
        if path.stat().st_size > LARGEST_LAYOUT_BYTES:
            raise BadInputError(f"{path} is not a layout of this window: larger than {LARGEST_LAYOUT_BYTES} bytes")
        document = json.loads(path.read_text(encoding="utf-8"))
        if document["format"] != FORMAT or document["version"] != LAYOUT_VERSION:
            raise BadInputError(f"{path} is not a layout of this version of the window; export it again there")
        state = base64.b64decode(document["state"], validate=True)
        theme, font_pt = Theme(document["theme"]), readable_pt(int(document["font_pt"]))
        size = (int(document["width"]), int(document["height"]))
    except OSError as error:
        raise BadInputError(f"the layout {path} cannot be read ({error.strerror or error})") from error
    except (ValueError, KeyError, TypeError, binascii.Error, RecursionError) as error:
        raise BadInputError(f"{path} is not a layout of this window: {error}") from error
    if not window.restoreState(QByteArray(state), LAYOUT_VERSION):
        raise BadInputError(f"{path}: the layout does not fit this window; export it again there")
    window.resize(min(max(size[0], 640), 7680), min(max(size[1], 400), 4320))
    return theme, font_pt
