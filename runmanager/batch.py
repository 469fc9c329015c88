"""Many measurements at once: the files of a folder, side by side on this computer or on a Dask cluster.

Each is analysed by :func:`runmanager.offline.analyse_file`; a damaged file, or one too large for the memory, costs
its own result and no other.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from functools import partial
from importlib import import_module
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runmanager.errors import BadInputError

if TYPE_CHECKING:
    from analysis.tag_files import ReadOptions
    from runmanager.offline import FileAnalysis
    from runmanager.photon_wishes import PhotonWishes

__all__ = ["Outcome", "analyse_all", "find_files"]

SUFFIXES = frozenset({".h5", ".hdf5", ".ptu", ".pt2", ".pt3", ".ht2", ".ht3", ".sdt", ".spc"})
"""What counts as a measurement in a folder: run files and photon files known by name. Others are named singly."""
_WORTH_PROCESSES = 4
_CONNECT_S = 15.0
TEXT_SUFFIXES = frozenset({".txt", ".csv", ".tsv", ".dat"})
"""What counts as a measurement too where the user says how text files are to be read."""
Report = Callable[[float, str], None]


@dataclass(frozen=True)
class Outcome:
    """One file: its analysis, or why there is none (one line)."""

    path: Path
    found: "FileAnalysis | None"
    refusal: str = ""


def find_files(paths: Sequence[Path], options: "ReadOptions | None" = None) -> tuple[Path, ...]:
    """The files named, and for each folder the measurements in it and in its subfolders; sorted within a folder.

    Text files count where ``options`` say how to read them. A file named twice comes once. BadInputError for a folder
    without measurements.
    """
    suffixes = SUFFIXES if options is None or options.text is None else SUFFIXES | TEXT_SUFFIXES
    found: dict[Path, Path] = {}
    for path in paths:
        if not path.is_dir():
            found.setdefault(path.resolve(), path)
            continue
        inside = sorted(each for each in path.rglob("*") if each.suffix.lower() in suffixes and each.is_file())
        inside = [each for each in inside if not any(part.startswith(".") for part in each.relative_to(path).parts)]
        if not inside:
            raise BadInputError(
                f"{path} is a folder without measurements ({', '.join(sorted(suffixes))}); name the files in it"
            )
        for each in inside:
            found.setdefault(each.resolve(), each)
    return tuple(found.values())


def analyse_all(
    paths: Sequence[Path],
    *,
    with_report: bool = False,
    options: "ReadOptions | None" = None,
    wishes: "PhotonWishes | None" = None,
    jobs: int | None = None,
    scheduler: str | None = None,
    report: Report = lambda fraction, what: None,
) -> tuple[Outcome, ...]:
    """Analyse files; outcomes in the order of ``paths``, whatever finished first.

    ``options``, ``wishes``: as for :func:`runmanager.offline.analyse_file`, the same for all files.
    ``jobs``: processes on this computer (default: one a processor; fewer than 4 files are analysed in this process,
    because starting others takes longer). ``scheduler``: instead, the address of a Dask scheduler (tcp://host:8786),
    whose workers see the files under the same path and run the same version. ``report(fraction, what)``: progress.
    BadInputError when jobs is below 1, or the scheduler cannot be reached or used.
    """
    if jobs is not None and jobs < 1:
        raise BadInputError(f"the number of jobs must be 1 or more, got {jobs}")
    if not paths:
        return ()
    work = partial(_analyse, with_report=with_report, options=options, wishes=wishes)
    if scheduler is not None:
        done = _on_cluster(work, paths, scheduler)
    else:
        n_jobs = min(jobs or (os.cpu_count() or 1), len(paths))
        together = n_jobs > 1 and (jobs is not None or len(paths) >= _WORTH_PROCESSES)
        done = _side_by_side(work, paths, n_jobs) if together else ((n, work(path)) for n, path in enumerate(paths))
    outcomes: dict[int, Outcome] = {}
    for number, outcome in done:
        outcomes[number] = outcome
        report(len(outcomes) / len(paths), f"{len(outcomes)} of {len(paths)}: {outcome.path.name}")
    return tuple(outcomes[number] for number in range(len(paths)))


def _analyse(
    path: Path, *, with_report: bool, options: "ReadOptions | None" = None, wishes: "PhotonWishes | None" = None
) -> Outcome:
    """One file, in whatever process: what is wrong with it is an outcome, not an exception."""
    from runmanager import offline

    try:
        found = offline.analyse_file(path, with_report=with_report, options=options, wishes=wishes)
        return Outcome(path, found)
    except BadInputError as error:
        return Outcome(path, None, " ".join(str(error).split()))


def _side_by_side(work: Callable[[Path], Outcome], paths: Sequence[Path], n_jobs: int) -> Iterator[tuple[int, Outcome]]:
    """Processes on this computer. When one dies, the files it may have had are tried again, each alone."""
    unsure: list[int] = []
    # a fresh interpreter each: a copy of this one would inherit threads and open files
    with ProcessPoolExecutor(n_jobs, mp_context=get_context("spawn")) as pool:
        waiting: dict[Future[Outcome], int] = {pool.submit(work, path): n for n, path in enumerate(paths)}
        try:
            for future in as_completed(waiting):
                try:
                    yield waiting[future], future.result()
                except BrokenProcessPool:
                    unsure.append(waiting[future])
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
    for number in sorted(unsure):
        yield number, _alone(work, paths[number])


def _alone(work: Callable[[Path], Outcome], path: Path) -> Outcome:
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        try:
            return pool.submit(work, path).result()
        except BrokenProcessPool:
            return Outcome(path, None, f"{path}: the process that analysed it died; is it larger than the memory?")


def _on_cluster(work: Callable[[Path], Outcome], paths: Sequence[Path], address: str) -> Iterator[tuple[int, Outcome]]:
    """Workers of a Dask cluster; the files are named by their absolute path, and named back as they were."""
    try:
        distributed: Any = import_module("distributed")
    except ImportError as error:
        raise BadInputError("--scheduler needs the package 'distributed': pip install 'solotron[cluster]'") from error
    try:
        client = distributed.Client(address, timeout=_CONNECT_S, set_as_default=False)
    except (OSError, ValueError, TimeoutError) as error:
        raise BadInputError(f"the Dask scheduler at {address} cannot be reached: {error}") from error
    with client:
        _check_workers(client, address)
        futures = {client.submit(work, path.resolve(), pure=False): n for n, path in enumerate(paths)}
        for future in distributed.as_completed(list(futures), loop=client.loop):
            number = futures[future]
            try:
                outcome = future.result()
                yield number, _named_as(paths[number], outcome)
            except Exception as error:  # noqa: BLE001 - a worker can die in any way; the other files go on
                yield number, Outcome(paths[number], None, f"{paths[number]}: its worker failed: {error}")


def _named_as(path: Path, outcome: Outcome) -> Outcome:
    """The outcome of a worker, file and report named as the user named them."""
    if outcome.found is None:
        return Outcome(path, None, outcome.refusal)
    page = outcome.found.report
    return Outcome(path, replace(outcome.found, path=path, report=None if page is None else path.parent / page.name))


def _check_workers(client: Any, address: str) -> None:  # noqa: ANN401 - distributed is optional
    """BadInputError unless there are workers and all run this version: mixed versions give mixed numbers."""
    try:
        versions = client.run(_version)
    except Exception as error:
        raise BadInputError(f"the workers of {address} cannot run solotron: {error}") from error
    if not versions:
        raise BadInputError(f"the Dask scheduler at {address} has no workers; start some")
    other = sorted({version for version in versions.values() if version != _version()})
    if other:
        raise BadInputError(f"workers of {address} run solotron {', '.join(other)}, this is {_version()}: update them")


def _version() -> str:
    from importlib import metadata

    return metadata.version("solotron")
