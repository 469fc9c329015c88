"""A progress bar on stderr with the time left; silent when stderr is not a terminal."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from runmanager.engine import Report


@contextmanager
def progress_bar(title: str) -> Iterator[Report]:
    """Yields the callable that moves the bar: fraction (0-1) and what is going on."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    console = Console(file=sys.stderr)
    columns = (
        TextColumn("{task.fields[title]}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        TextColumn("{task.description}"),
    )
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("starting", total=1.0, title=title)

        def report(fraction: float, what: str) -> None:
            bar.update(task, completed=fraction, description=what)

        yield report
