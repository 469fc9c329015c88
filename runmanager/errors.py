"""What the people side says when it cannot go on."""


class BadInputError(Exception):
    """The user's input is wrong: one clear line, exit code 2, nothing has moved and nothing is lost."""


class RefusedRunError(BadInputError):
    """The input is right in itself, but this bench or sample does not allow the run; nothing has moved."""


class BenchInUseError(BadInputError):
    """Another program drives the bench now; nothing has moved, and once that has ended the same run is possible."""


class QueueError(BadInputError):
    """The queue cannot do that, or its file cannot be used; the queue is as it was before."""
