"""A run that has enough ends in order: complete rounds, controls in proportion, a note that says so."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from procedures.registry import PROCEDURES, load

Settings = dict[str, dict[str, object]]
RecordRun = Callable[..., Any]


def after(asked: int) -> Callable[[], str]:
    """Says from the given time of asking on that it is enough."""
    counter: Iterator[int] = iter(range(1, 10**6))
    return lambda: "target met" if next(counter) >= asked else ""


@pytest.mark.parametrize(
    ("name", "asked", "done", "planned", "unit", "rows"),
    [
        ("g2", 2, 2, 6, "batches", 2),
        ("spin-pumping", 2, 2, 4, "batches", 2 + 3),
        ("esr", 1, 1, 3, "sweeps", 8),
        ("polarised-pl", 1, 4, 6, "exposures", 4),
    ],
)
def test_loop_ends_after_a_complete_round_and_the_note_says_why(
    name: str, asked: int, done: int, planned: int, unit: str, rows: int, record_run: RecordRun, short: Settings
) -> None:
    run = record_run(load(name)(**short[name]), enough=after(asked))
    assert run.notes["ended_early"] == {"reason": "target met", "done": done, "planned": planned, "unit": unit}
    assert run.table().n_points == rows
    assert run.exit_status == "completed"


@pytest.mark.parametrize("name", PROCEDURES)
def test_without_a_target_nothing_is_noted_and_everything_measured(
    name: str, record_run: RecordRun, short: Settings
) -> None:
    assert "ended_early" not in record_run(load(name)(**short[name])).notes


def test_a_target_that_is_met_at_the_very_end_is_no_early_end(record_run: RecordRun, short: Settings) -> None:
    assert "ended_early" not in record_run(load("g2")(**short["g2"]), enough=after(6)).notes


def test_controls_take_their_share_of_what_was_measured(record_run: RecordRun) -> None:
    run = record_run(load("spin-pumping")(duration=8.0, batches=4, control_fraction=0.5), enough=after(1))
    condition, seconds = run.table().column("condition"), run.table().column("duration")
    assert list(condition) == [0, 2, 3, 1]
    assert list(seconds) == [2.0, 1.0, 1.0, 1.0]


def test_exposures_end_with_both_polarisations_alike(record_run: RecordRun) -> None:
    run = record_run(load("polarised-pl")(repeats=7, exposure_time=1.0, calibrate=False), enough=after(2))
    angles, counts = np.unique(run.table().column("analyser_angle"), return_counts=True)
    assert list(angles) == [-45.0, 45.0]
    assert list(counts) == [4, 4]


def test_a_field_sweep_reaches_its_last_field_before_it_can_end(record_run: RecordRun) -> None:
    settings = {"repeats": 3, "exposure_time": 1.0, "calibrate": False}
    run = record_run(load("polarised-pl")(field_points=2, field_start=0.0, field_stop=1.0, **settings), enough=after(1))
    assert list(run.table().column("field")) == [0.0] * 6 + [1.0] * 4
