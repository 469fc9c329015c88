"""The HTML page of one file, written beside it."""

from pathlib import Path

from runmanager.catalogue.reading_process import uninterrupted
from runmanager.errors import BadInputError


def write_page(path: Path) -> Path:
    """Analyse with today's code and write the page (as ``solotron analyze --report``); its path.

    The run file stays as it is. BadInputError with one line when the file cannot be analysed, the page cannot be
    written, or there is no page for this kind of file.
    """
    from runmanager.offline import analyse_file

    with uninterrupted():
        found = analyse_file(path, with_report=True)
    if found.report is None:
        raise BadInputError(f"{path}: there is no report page for this kind of measurement")
    return found.report
