"""Whether a job can run at all: everything that is wrong in itself is found when it is queued, not at night."""

from dataclasses import replace
from pathlib import Path

from runmanager.errors import BadInputError
from runmanager.queue.entries import Job
from runmanager.queue.job_text import absolute


def checked(job: Job) -> Job:
    """The job with absolute paths, ``twin`` set where its station file is a twin, and every input looked at.

    BadInputError, one line, for an unknown procedure, parameter, value or control, a station, sample or fault file
    that cannot be used, an output folder that cannot be written (it is made), a target that the procedure has no
    result for, and a run to continue that cannot be read.
    """
    from runmanager import assemble, engine
    from runmanager.samples import read_sample

    job = absolute(_with_sample_path(job))
    engine.make_experiment(job.procedure, job.settings)
    config = assemble.read_station(job.station, twin=job.twin)
    job = replace(job, twin=config.twin)
    read_sample(job.sample, twin=config.twin)
    assemble.read_faults(job.faults, twin=config.twin)
    if job.until:
        from runmanager.queue.targets import check_targets

        check_targets(job.procedure, job.until)
    if job.continues is not None:
        _check_continued(job.continues, job.procedure)
    engine.new_run_file(job.out, job.procedure)
    return job


def with_setting(job: Job, name: str, value: str) -> Job:
    """The job with one parameter set, in the place of an earlier value of it or behind the others."""
    if any(known == name for known, _ in job.settings):
        settings = tuple((known, value if known == name else old) for known, old in job.settings)
    else:
        settings = (*job.settings, (name, value))
    return replace(job, settings=settings)


def without_setting(job: Job, name: str) -> Job:
    """The job with one parameter back at its default; BadInputError if it is not set."""
    if all(known != name for known, _ in job.settings):
        raise BadInputError(f"{job.procedure}: '{name}' is not set here and cannot be unset")
    return replace(job, settings=tuple((known, value) for known, value in job.settings if known != name))


def _with_sample_path(job: Job) -> Job:
    """A sample that is a file of the current folder, whatever its name looks like, as a path."""
    from sims.dot.sample import builtin_samples

    if job.sample is None or job.sample in builtin_samples() or not Path(job.sample).is_file():
        return job
    return replace(job, sample=str(Path(job.sample).absolute()))


def _check_continued(run_file: Path, procedure: str) -> None:
    from runfile.errors import RunFileError
    from runfile.reader import RunFile

    try:
        with RunFile(run_file) as recorded:
            recorded_by = recorded.procedure
    except RunFileError as error:
        raise BadInputError(f"the run to continue cannot be read: {error}") from error
    if recorded_by != procedure:
        raise BadInputError(f"{run_file} was recorded by {recorded_by} and cannot be continued by {procedure}")
