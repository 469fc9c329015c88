"""Why an experiment does not start or does not go on."""


class RefusedError(Exception):
    """The experiment cannot give an honest answer with this bench or these parameters; says why and what to do.

    Raised by ``check`` before anything moves, or during the run when a measurement shows it; then the data
    taken so far are kept.
    """


class ParameterError(ValueError):
    """A parameter is unknown, out of its limits, or in the wrong unit; names parameter, value and limits."""


class StoppedError(Exception):
    """The operator asked to stop; what was recorded is kept."""
