"""The forecast: the whole run on the twin, before cryostat time is spent."""

import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

from runfile.results import Analysis, Verdict
from runmanager import engine
from runmanager.engine import Report, RunRequest
from runmanager.errors import BadInputError, RefusedRunError


@dataclass(frozen=True)
class Forecast:
    """What the run will take and give. ``violations``: refusals, limits and failures the twin ran into.

    A run that is refused before anything moves takes no time and has no results.
    """

    procedure: str
    duration_s: float
    photons: int
    analysis: Analysis
    violations: tuple[str, ...]

    @property
    def exit_code(self) -> int:
        """0 the run would complete and pass; 1 its verdict would fail; 2 it would be refused or would not complete."""
        if self.violations:
            return 2
        return 0 if self.analysis.verdict.passed else 1


def forecast(request: RunRequest, *, report: Report = lambda fraction, what: None) -> Forecast:
    """Run on the twin in a temporary folder. BadInputError for input that is wrong in itself."""
    engine.make_experiment(request.procedure, request.settings)
    with tempfile.TemporaryDirectory() as folder:
        try:
            outcome = engine.run(replace(request, twin=True, out=Path(folder)), report=report)
        except RefusedRunError as error:
            return Forecast(request.procedure, 0.0, 0, Analysis({}, Verdict(())), (str(error),))
        return Forecast(
            procedure=request.procedure,
            duration_s=outcome.duration_s,
            photons=count_photons(outcome.run_file),
            analysis=outcome.analysis,
            violations=tuple(text for text in (outcome.message, outcome.unsafe) if text),
        )


def count_photons(path: Path) -> int:
    """All photons recorded in a run file: tags where there are some, else the counts of every table."""
    from runfile.errors import RunFileError
    from runfile.reader import RunFile

    try:
        with RunFile(path) as recorded:
            if recorded.has_tags():
                tags = recorded.tags()
                detectors = [tags.channels[name] for name in ("detector_1", "detector_2")]
                return int(sum((tags.channel == channel).sum() for channel in detectors))
            names = ("counts", "counts_reference")
            tables = [recorded.table(group) for group in recorded.tables()]
            return int(sum(table.column(n).sum() for table in tables for n in names if n in table.columns))
    except RunFileError as error:
        raise BadInputError(f"the forecast's run file cannot be read: {error}") from error
