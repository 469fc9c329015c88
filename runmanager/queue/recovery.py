"""What is left of a run whose process died: how it is marked, and whether it can be gone on with."""

import time
from pathlib import Path

from runmanager.errors import QueueError
from runmanager.queue.entries import Ending, Entry, Status
from runmanager.queue.holder import is_alive

RESUMABLE = (Status.INTERRUPTED, Status.ABORTED, Status.FAILED)


def is_lost(store: Path, holder: str | None) -> bool:
    """True when nobody runs the entry any more: its holder's process is dead."""
    return holder is None or not is_alive(store, holder)


def interrupted(entry: Entry) -> Ending:
    """The ending of an entry whose process died. Nobody brought a real bench into the safe state then: code 4."""
    message = "the program that ran it was killed, or the power failed: resume or repeat it"
    if entry.run_file is None:
        message = "the program that ran it was killed, or the power failed, before it recorded anything: repeat it"
    if entry.job.twin or entry.job.station is None:
        return Ending(exit_code=3, finished_at=time.time(), message=message)
    unsafe = (
        f"the program was killed while it drove the bench of {entry.job.station}: run "
        f"'solotron station safe --station {entry.job.station}' and do what it says"
    )
    return Ending(exit_code=4, finished_at=time.time(), message=message, unsafe=unsafe)


def resumable_file(entry: Entry) -> Path:
    """The run file that a resumed entry goes on from; QueueError when it cannot be resumed.

    A resumed run that ended before it had a row of its own is gone on with from the file it was to continue.
    """
    if entry.status not in RESUMABLE:
        wanted = ", ".join(RESUMABLE)
        raise QueueError(f"entry {entry.id} is {entry.status} and cannot be resumed; only what is {wanted} can")
    candidates = [path for path in (entry.run_file, entry.job.continues) if path is not None]
    if not candidates:
        raise QueueError(f"entry {entry.id} cannot be resumed: it recorded nothing; repeat it")
    empty = ""
    for run_file in candidates:
        problem = _why_empty(entry, run_file)
        if not problem:
            return run_file.absolute()
        empty = empty or problem
    raise QueueError(f"entry {entry.id} cannot be resumed, repeat it: {empty}")


def _why_empty(entry: Entry, run_file: Path) -> str:
    """Why nothing can be added to ``run_file``, "" when something can; QueueError when it is no run of this entry."""
    from procedures.continuing import refuse_empty
    from procedures.errors import RefusedError
    from runfile.errors import RunFileError
    from runfile.reader import RunFile

    try:
        with RunFile(run_file) as recorded:
            if recorded.procedure != entry.job.procedure:
                raise QueueError(
                    f"entry {entry.id} cannot be resumed: {run_file} was recorded by {recorded.procedure}, not "
                    f"{entry.job.procedure}"
                )
            refuse_empty(recorded)
    except RunFileError as error:
        raise QueueError(f"entry {entry.id} cannot be resumed, repeat it: {error}") from error
    except RefusedError as error:
        return str(error)
    return ""
