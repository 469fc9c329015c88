"""The QCoDeS station as solotron uses it: one configuration handed in, nothing looked up, nothing written."""

from qcodes.station import Station  # noqa: TID253 - the class statement needs it


class LabStation(Station):
    """A Station that keeps to the configuration it was given.

    QCoDeS reads its default station file anew before each instrument; a file in the user's home must not
    replace the bench that was asked for.
    """

    def __init__(self, instruments_yaml: str) -> None:
        super().__init__(default=False, use_monitor=False)
        self.load_config(instruments_yaml)

    def load_config_files(self, *filenames: str) -> None:
        """Keep the configuration there is."""
