"""How the window looks and what it remembers: theme, letters, layout file, and the choices in the Settings menu."""

from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QObject, QSettings, Signal  # noqa: TID253
from PySide6.QtWidgets import QApplication, QMainWindow  # noqa: TID253

from runmanager.errors import BadInputError
from runmanager.gui import layout, theme
from runmanager.gui.layout import Preferences
from runmanager.gui.theme import Theme


class Appearance(QObject):
    """The user's choices, applied at once and kept. ``changed(Preferences)`` after each change, ``refused(text)``."""

    changed = Signal(object)
    refused = Signal(str)

    def __init__(self, window: QMainWindow, settings: QSettings) -> None:
        super().__init__(window)
        self._window = window
        self._settings = settings
        self.preferences = layout.read_preferences(settings)
        QApplication.styleHints().colorSchemeChanged.connect(self._system_colours_changed)

    def apply(self) -> None:
        """Show the choices as they are."""
        application = QApplication.instance()
        if isinstance(application, QApplication):
            theme.apply(application, self.preferences.theme, self.preferences.font_pt)
        self.changed.emit(self.preferences)

    def _keep(self, preferences: Preferences) -> None:
        self.preferences = preferences
        layout.write_preferences(self._settings, preferences)
        self.apply()

    def set_theme(self, wanted: Theme) -> None:
        """Dark, light, or as the desktop is."""
        self._keep(replace(self.preferences, theme=wanted))

    def set_font_pt(self, font_pt: int) -> None:
        """Size of the letters in points, kept within what is readable."""
        self._keep(replace(self.preferences, font_pt=theme.readable_pt(font_pt)))

    def set_sound(self, on: bool) -> None:
        """A sound at the end of a run."""
        self._keep(replace(self.preferences, sound=on))

    def set_notify(self, on: bool) -> None:
        """A message of the desktop at the end of a run."""
        self._keep(replace(self.preferences, notify=on))

    def set_run_at_once(self, on: bool) -> None:
        """Whether queueing lets the queue run."""
        self._keep(replace(self.preferences, run_at_once=on))

    def set_hook(self, command: str) -> None:
        """A command at the end of each run (from the next start of the queue on); refused when it cannot be run."""
        from runmanager.queue.hooks import split_command

        try:
            split_command(command)
        except BadInputError as error:
            self.refused.emit(str(error))
            return
        self._keep(replace(self.preferences, hook=command))

    def export_layout(self, path: Path) -> None:
        """Write the layout as one file; refused with the reason when that cannot be."""
        try:
            layout.export_layout(path, self._window, self.preferences)
        except BadInputError as error:
            self.refused.emit(str(error))

    def import_layout(self, path: Path) -> None:
        """Take over a layout file; refused with the reason when that cannot be, nothing changes then."""
        try:
            wanted, font_pt = layout.import_layout(path, self._window)
        except BadInputError as error:
            self.refused.emit(str(error))
            return
        self._keep(replace(self.preferences, theme=wanted, font_pt=font_pt))

    def _system_colours_changed(self) -> None:
        if self.preferences.theme is Theme.SYSTEM:
            self.apply()
