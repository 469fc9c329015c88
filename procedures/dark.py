"""What is counted with every laser shut: the level that a run behind a closed beam shutter is compared with."""

import math
from collections.abc import Callable

from instruments.roles import PulsedSource, TunableLaser
from procedures.experiment import LONGEST_WITHOUT_CHECKPOINT_S, Experiment
from runfile.writer import Column

DARK_FRACTION = 0.25
LONGEST_DARK_S = 600.0


def dark_time_s(measuring_time_s: float) -> float:
    """How long the reference is measured: a quarter of the measurement, at most ten minutes."""
    return min(DARK_FRACTION * measuring_time_s, LONGEST_DARK_S)


def record_dark(experiment: Experiment, measuring_time_s: float, count: Callable[[float], tuple[float, float]]) -> None:
    """Shut the lasers' own outputs, record the table "dark", open those that were open again.

    ``count`` records for so many seconds and returns counts and their standard error, in the same way as the points
    of the run that they will be compared with. The beam shutter is closed throughout.
    """
    experiment.beam_shutter.close()
    lasers: list[PulsedSource | TunableLaser] = [experiment.pulse_source, experiment.readout_laser]
    if "resonant_laser" in experiment.NEEDS:
        lasers.append(experiment.resonant_laser)
    were_open = [laser for laser in lasers if laser.output_is_open()]
    for laser in reversed(were_open):
        laser.close_output()
    table = experiment.recorder.table(
        "dark",
        title="Counts with every laser shut",
        signal="counts",
        axes=(".",),
        columns=(
            Column("counts", "counts", "Counts"),
            Column("counts_errors", "counts", "Standard error of the counts"),
            Column("duration", "s", "Counting time (s)"),
        ),
        errors={"counts": "counts_errors"},
    )
    total_s = dark_time_s(measuring_time_s)
    parts = max(1, math.ceil(total_s / LONGEST_WITHOUT_CHECKPOINT_S - 1e-9))
    for _ in range(parts):
        experiment.checkpoint(0.03, "control: counting with every laser shut")
        counts, error = count(total_s / parts)
        table.append(counts=counts, counts_errors=error, duration=total_s / parts)
    for laser in were_open:
        laser.open_output()
