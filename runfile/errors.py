"""What can go wrong with a run file. Every message is one line that names the file and says what to do."""


class RunFileError(Exception):
    """A run file could not be created, written, or read, or a value does not fit into it."""
