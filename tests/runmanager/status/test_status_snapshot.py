"""What the status page says of the queue's entries."""

from pathlib import Path

from runfile.results import Check, Result
from runmanager.queue.entries import Ending, Entry, Job, Prediction, Status
from runmanager.status import snapshot as snapshots
from runmanager.status.snapshot import Safety

NOW = 1_795_000_000.0
BENCH = Path("lab.yaml")


def entry(number: int, status: Status, **more: object) -> Entry:
    job = more.pop("job", Job("g2", station=BENCH))
    return Entry(id=number, status=status, position=float(number), job=job, added_at=NOW - 900.0, **more)


def prediction(duration_s: float, violations: tuple[str, ...] = ()) -> Prediction:
    return Prediction(duration_s, photons=1000, results={}, passed=True, violations=violations)


def ending(unsafe: str = "", passed: bool | None = True) -> Ending:
    return Ending(exit_code=4 if unsafe else 0, finished_at=NOW - 60.0, passed=passed, unsafe=unsafe)


def take(running: list[Entry], queued: list[Entry], history: list[Entry]) -> snapshots.Snapshot:
    return snapshots.take(running, queued, history, held=False, now=NOW)


def test_time_left_is_the_rest_of_the_forecast() -> None:
    seen = take([entry(1, Status.RUNNING, fraction=0.25, prediction=prediction(400.0))], [], [])
    assert seen.running[0].finishes_at == NOW + 300.0


def test_without_a_forecast_the_pace_so_far_tells_the_time_left() -> None:
    seen = take([entry(1, Status.RUNNING, fraction=0.25, started_at=NOW - 100.0)], [], [])
    assert seen.running[0].finishes_at == NOW + 300.0


def test_forecasts_add_up_along_the_queue_until_one_is_missing() -> None:
    queued = [
        entry(1, Status.QUEUED, prediction=prediction(10.0)),
        entry(2, Status.QUEUED, prediction=prediction(20.0)),
        entry(3, Status.QUEUED),
        entry(4, Status.QUEUED, prediction=prediction(20.0)),
    ]
    assert [row.finishes_at for row in take([], queued, []).waiting] == [NOW + 10.0, NOW + 30.0, None, None]


def test_a_paused_run_has_no_time_of_its_end() -> None:
    seen = take([entry(1, Status.PAUSED, fraction=0.25, prediction=prediction(400.0))], [], [])
    assert seen.running[0].finishes_at is None
    assert seen.benches[0].safety is Safety.PAUSED


def test_an_unsafe_end_is_shown_until_a_later_run_ends_safely() -> None:
    unsafe = entry(1, Status.COMPLETED, ending=ending("press PAUSE at the magnet"))
    assert take([], [], [unsafe]).benches[0].by_hand == "press PAUSE at the magnet"
    later = entry(2, Status.COMPLETED, ending=ending())
    assert take([], [], [later, unsafe]).benches[0].safety is Safety.CONFIRMED


def test_a_refused_entry_says_nothing_of_the_bench() -> None:
    unsafe = entry(1, Status.COMPLETED, ending=ending("press PAUSE at the magnet"))
    refused = entry(2, Status.REFUSED, ending=Ending(exit_code=2, finished_at=NOW))
    assert take([], [], [refused, unsafe]).benches[0].safety is Safety.NOT_CONFIRMED


def test_a_run_whose_program_died_leaves_the_bench_unknown() -> None:
    seen = take([], [], [entry(1, Status.INTERRUPTED)])
    assert seen.benches[0].safety is Safety.UNKNOWN
    assert "station safe" in seen.benches[0].by_hand


def test_a_safe_twin_does_not_hide_an_unsafe_bench() -> None:
    twin = entry(2, Status.COMPLETED, job=Job("g2", station=BENCH, twin=True), ending=ending())
    bench = entry(1, Status.COMPLETED, ending=ending("close the shutter"))
    seen = take([], [], [twin, bench])
    assert [(row.bench, row.safety) for row in seen.benches] == [
        ("lab.yaml", Safety.NOT_CONFIRMED),
        (snapshots.TWIN, Safety.CONFIRMED),
    ]


def test_the_reason_of_a_failed_verdict_is_told() -> None:
    ended = Ending(
        exit_code=1,
        finished_at=NOW,
        results={"g2_zero": Result(0.62, 0.02, "1", "")},
        checks=(Check("antibunched", passed=False, detail="g2(0) is above one half"),),
        passed=False,
    )
    row = take([], [], [entry(1, Status.COMPLETED, ending=ended)]).ended[0]
    assert row.reason == "g2(0) is above one half"
    assert row.results == ("g2 zero 0.620 ± 0.020",)


def test_a_long_queue_is_counted_but_not_all_shown() -> None:
    seen = take([], [entry(k, Status.QUEUED) for k in range(1000)], [])
    assert (seen.n_waiting, len(seen.waiting)) == (1000, snapshots.SHOWN_WAITING)


def test_an_entry_that_will_be_skipped_says_so() -> None:
    blocked = entry(1, Status.QUEUED, prediction=prediction(10.0, ("the laser does not reach it",)))
    row = take([], [blocked], []).waiting[0]
    assert row.skipped
    assert row.finishes_at is None
