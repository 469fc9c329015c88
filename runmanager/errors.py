"""What the people side says when it cannot go on."""


class BadInputError(Exception):
    """The user's input is wrong: one clear line, exit code 2, nothing has moved and nothing is lost."""


class RefusedRunError(BadInputError):
    """The input is right in itself, but this bench or sample does not allow the run; nothing has moved."""


class QueueError(BadInputError):
    """The queue cannot do that, or its file cannot be used; the queue is as it was before."""
