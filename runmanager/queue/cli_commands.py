"""What ``solotron queue …`` does: the same queue as the window's, without a window.

Heavy imports happen inside the commands, so that ``--help`` answers at once. Each command takes the parsed options and
returns the exit code; what is refused is a BadInputError, which ``runmanager.cli`` tells in one line.
"""

import argparse
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from runmanager.errors import BadInputError

CODES = {0: " (verdict passed)", 1: " (verdict failed)", 4: " (SAFE STATE NOT CONFIRMED)"}
"""What an exit code adds to how an entry ended."""

if TYPE_CHECKING:
    from runmanager.queue.entries import Entry, Job, Prediction
    from runmanager.queue.events import Command, Event
    from runmanager.queue.store import QueueStore


def _path(options: argparse.Namespace) -> Path:
    from runmanager.queue.store import default_path

    named: Path | None = options.queue
    return default_path() if named is None else named.absolute()


def _open(options: argparse.Namespace, *, make: bool = False) -> "QueueStore":
    """The queue, what a dead process was running marked as interrupted. ``make``: a new one where there is none."""
    from runmanager.queue.store import QueueStore

    path = _path(options)
    if not make and not path.exists():
        raise BadInputError(f"there is no queue {path}; 'solotron queue add' makes one, --queue FILE names another")
    store = QueueStore(path)
    try:
        for entry in store.recover():
            print(
                f"solotron: entry {entry.id} was interrupted: {entry.ending and entry.ending.message}", file=sys.stderr
            )
            if entry.ending is not None and entry.ending.unsafe:
                print(f"solotron: SAFE STATE NOT CONFIRMED: {entry.ending.unsafe}", file=sys.stderr)
    except BaseException:
        store.close()
        raise
    return store


# --- queueing -------------------------------------------------------------------------------------------


def add(options: argparse.Namespace) -> int:
    """Queue an experiment, a scan or a control of it; 2 when a forecast asked for names violations."""
    from runmanager.queue import jobs, listing, scans
    from runmanager.queue.entries import Job

    job = Job(
        procedure=options.procedure,
        settings=tuple(options.settings),
        station=options.station,
        twin=options.twin,
        sample=options.sample,
        seed=options.seed,
        out=options.out,
        faults=options.faults,
        until=tuple(options.until),
    )
    if options.control is not None:
        job = scans.with_control(job, options.control)
    expanded = scans.expand(jobs.checked(job), *options.scan)
    with _open(options, make=True) as store:
        entries = store.add_many(expanded)
        if options.forecast:
            _make_forecasts(store, frozenset(entry.id for entry in entries), quiet=options.json)
            entries = [store.entry(entry.id) for entry in entries]
    if options.json:
        print(listing.entries_json(entries))
    elif len(entries) == 1:
        print(f"entry {entries[0].id}: {entries[0].job.procedure} {listing.parameters(entries[0].job)}".rstrip())
    else:
        print(f"entries {entries[0].id} to {entries[-1].id}: {len(entries)} runs of {job.procedure}")
    return 2 if any(entry.blocked for entry in entries) else 0


def edit(options: argparse.Namespace) -> int:
    """Change a queued entry."""
    from runmanager.queue import jobs, listing

    with _open(options) as store:
        entry = store.entry(options.id)
        job = jobs.checked(_edited(entry.job, options))
        entry = store.edit(options.id, job)
    print(f"entry {entry.id}: {job.procedure} {listing.parameters(job)}".rstrip())
    return 0


def _edited(job: "Job", options: argparse.Namespace) -> "Job":
    from runmanager.queue import jobs, scans

    for name in options.unset:
        job = jobs.without_setting(job, name)
    for name, value in options.settings:
        job = jobs.with_setting(job, name, value)
    if options.control is not None:
        job = scans.with_control(job, options.control)
    given = {name: getattr(options, name) for name in ("station", "twin", "sample", "seed", "out")}
    job = replace(job, **{name: value for name, value in given.items() if value is not None})
    if options.no_until and options.until:
        raise BadInputError("--until and --no-until exclude each other")
    if options.no_until or options.until:
        job = replace(job, until=tuple(options.until or ()))
    return job


def move(options: argparse.Namespace) -> int:
    """Put a queued entry elsewhere."""
    with _open(options) as store:
        if options.first:
            others = [entry for entry in store.queued() if entry.id != options.id]
            store.move(options.id, before=others[0].id if others else None)
        else:
            store.move(options.id, before=options.before)
    return 0


def remove(options: argparse.Namespace) -> int:
    """Take entries out of the queue or the history."""
    with _open(options) as store:
        for entry_id in options.ids:
            store.remove(entry_id)
    return 0


def duplicate(options: argparse.Namespace) -> int:
    """The same entries once more."""
    return _copies(options, lambda store, entry_id: store.duplicate(entry_id))


def repeat(options: argparse.Namespace) -> int:
    """Ended entries once more, from their start."""
    return _copies(options, lambda store, entry_id: store.repeat(entry_id))


def resume(options: argparse.Namespace) -> int:
    """Go on with entries that ended too early."""
    return _copies(options, lambda store, entry_id: store.resume(entry_id))


def _copies(options: argparse.Namespace, make: "Callable[[QueueStore, int], Entry]") -> int:
    with _open(options) as store:
        for entry_id in options.ids:
            entry = make(store, entry_id)
            print(f"entry {entry.id}: {entry.job.procedure}, from entry {entry_id}")
    return 0


def confirm(options: argparse.Namespace) -> int:
    """Let entries run although their forecasts name violations."""
    with _open(options) as store:
        for entry_id in options.ids:
            store.confirm(entry_id)
    return 0


# --- looking --------------------------------------------------------------------------------------------


def list_entries(options: argparse.Namespace) -> int:
    """What runs and what waits."""
    from runmanager.queue import listing
    from runmanager.queue.holder import has_living

    with _open(options) as store:
        entries = [*store.running(), *store.queued()]
        paused, worker = store.is_paused(), store.worker()
    if options.json:
        pid = worker.pid if worker is not None and has_living(store.path, worker.pid) else None
        print(listing.queue_json(store.path, entries, time.time(), paused=paused, worker=pid))
        return 0
    if paused:
        print("the queue is paused; 'solotron queue continue' lets it go on")
    print("\n".join(listing.queue_table(entries, time.time())) if entries else "nothing is queued")
    return 0


def show(options: argparse.Namespace) -> int:
    """All about one entry."""
    from runmanager.queue import listing

    with _open(options) as store:
        entry = store.entry(options.id)
    print(listing.entry_json(entry) if options.json else "\n".join(listing.details(entry)))
    return 0


def history(options: argparse.Namespace) -> int:
    """What has ended."""
    from runmanager.queue import listing

    with _open(options) as store:
        entries = store.history(options.limit)
    if options.json:
        print(listing.entries_json(entries))
    else:
        print("\n".join(listing.history_table(entries, time.time())) if entries else "nothing has ended yet")
    return 0


def forecast(options: argparse.Namespace) -> int:
    """Make the missing forecasts; 2 when some entry is blocked by violations."""
    with _open(options) as store:
        _make_forecasts(store, None, quiet=False)
        blocked = [entry for entry in store.queued() if entry.blocked]
    return 2 if blocked else 0


def _make_forecasts(store: "QueueStore", only: frozenset[int] | None, *, quiet: bool) -> None:
    from runmanager.numbers import duration
    from runmanager.queue import forecasting, listing

    def tell(entry: "Entry", prediction: "Prediction") -> None:
        what = duration(prediction.duration_s)
        error = listing.expected_error(prediction, entry.job)
        print(f"entry {entry.id}: {entry.job.procedure} would take {what} {error}".rstrip(), file=out)
        for violation in prediction.violations:
            print(f"entry {entry.id}: violation: {' '.join(violation.split())}", file=out)

    out = sys.stderr if quiet else sys.stdout
    forecasting.forecast_waiting(store.path, only=only, tell=tell)


# --- running --------------------------------------------------------------------------------------------


def run(options: argparse.Namespace) -> int:
    """Run the queue; the worst exit code of its entries."""
    from runmanager.queue import runner
    from runmanager.queue.hooks import HookRunner

    with _open(options, make=True) as store:
        empty, paused = not store.queued(), store.is_paused()
    if paused and not empty:
        print("solotron: the queue is paused: nothing starts until 'solotron queue continue'", file=sys.stderr)
    if empty and not options.forever:
        print(f"solotron: nothing is queued in {_path(options)}: nothing to run", file=sys.stderr)
    with HookRunner(options.hook, desktop=options.notify, bell=options.notify) as hook:
        return runner.run_queue(_path(options), once=options.once, forever=options.forever, hook=hook, tell=tell_event)


def tell_event(event: "Event") -> None:
    """What happens, in lines on stderr."""
    from runmanager.queue import events

    if isinstance(event, events.Started):
        print(f"entry {event.entry_id}: {event.procedure} runs into {event.run_file}", file=sys.stderr)
    elif isinstance(event, events.Finished):
        meaning = CODES.get(event.exit_code, "")
        print(f"entry {event.entry_id}: {event.status}, code {event.exit_code}{meaning}", file=sys.stderr)
    elif isinstance(event, events.LogLine):
        whose = "solotron" if event.entry_id is None else f"entry {event.entry_id}"
        print(f"{whose}: {' '.join(event.text.split())}", file=sys.stderr)


def pause(options: argparse.Namespace) -> int:
    """Start nothing new, and stop at the next safe checkpoint."""
    from runmanager.queue.events import Command

    with _open(options) as store:
        store.set_paused(True)
        running = store.running()
    code = _ask_worker(options, Command.PAUSE)
    which = f"entry {running[0].id} stops at its next safe checkpoint" if running else "nothing is running"
    print(f"the queue is paused; {which}")
    return code


def go_on(options: argparse.Namespace) -> int:
    """Let a paused queue go on."""
    from runmanager.queue import client
    from runmanager.queue.events import Command

    with _open(options) as store:
        store.set_paused(False)
    code = _ask_worker(options, Command.RESUME)
    who = "goes on" if client.is_running(_path(options)) else "may go on, but nobody runs it: 'solotron queue run'"
    print(f"the queue {who}")
    return code


def abort(options: argparse.Namespace) -> int:
    """End what runs, in order."""
    from runmanager.queue.events import Command

    with _open(options) as store:
        running = store.running()
    if not running:
        raise BadInputError("nothing of this queue is running; there is nothing to abort")
    code = _ask_worker(options, Command.ABORT)
    print(f"entry {running[0].id} ends: safe state, data kept")
    return code


def _ask_worker(options: argparse.Namespace, command: "Command") -> int:
    """Send a command to the process that runs the queue; without one, what stands in the queue's file is enough."""
    from runmanager.queue import client
    from runmanager.queue.events import Command

    try:
        watcher = client.connect(_path(options))
    except client.NoWorkerError:
        if command is Command.ABORT:
            raise
        return 0
    try:
        watcher.send(command)
    finally:
        watcher.close()
    return 0
