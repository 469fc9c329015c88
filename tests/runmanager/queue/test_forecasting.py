"""Forecasts: when everything is done, what stands in the way, and that only today's job gets today's forecast."""

import signal
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from procedures.errors import StoppedError
from runfile.results import Analysis, Check, Result, Verdict
from runmanager import forecast as forecasts
from runmanager.errors import BadInputError
from runmanager.forecast import Forecast
from runmanager.queue import forecasting
from runmanager.queue.entries import Entry, Job, Prediction, Status
from runmanager.queue.finish_times import finish_times
from runmanager.queue.forecasting import Forecaster, forecast_waiting, predict, start_forecaster, the_only_one
from runmanager.queue.store import QueueStore

ANALYSIS = Analysis({"lifetime": Result(15.0, 0.1, "ns", "fit")}, Verdict((Check("a", True, "good"),)))
NOW = 1_000.0


def entry(
    number: int, job: Job, *, status: Status = Status.QUEUED, fraction: float = 0.0, **of_prediction: Any
) -> Entry:
    prediction = Prediction(
        **{"duration_s": 60.0, "photons": 1, "results": {}, "passed": True, "wall_s": 2.0, **of_prediction}
    )
    return Entry(number, status, float(number), job, 0.0, fraction=fraction, prediction=prediction)


REAL = Job("g2", station=Path("/lab.yaml"))
TWIN = Job("g2", station=Path("/lab.yaml"), twin=True)


def test_bench_seconds_on_the_bench_and_wall_seconds_on_the_twin() -> None:
    rows = [entry(1, REAL), entry(2, TWIN), entry(3, Job("g2"))]
    assert finish_times(rows, NOW) == {1: NOW + 60.0, 2: NOW + 62.0, 3: NOW + 64.0}


def test_of_the_running_one_only_what_is_left() -> None:
    rows = [entry(1, REAL, status=Status.RUNNING, fraction=0.75), entry(2, REAL)]
    assert finish_times(rows, NOW) == {1: NOW + 15.0, 2: NOW + 75.0}


def test_a_paused_one_is_not_done_before_what_is_left_of_it() -> None:
    assert finish_times([entry(1, REAL, status=Status.PAUSED, fraction=0.5)], NOW) == {1: NOW + 30.0}


def test_behind_an_unknown_one_everything_is_unknown() -> None:
    unknown = Entry(2, Status.QUEUED, 2.0, REAL, 0.0)
    assert finish_times([entry(1, REAL), unknown, entry(3, REAL)], NOW) == {1: NOW + 60.0, 2: None, 3: None}
    assert finish_times([entry(1, REAL, duration_s=float("nan")), entry(2, REAL)], NOW) == {1: None, 2: None}


def test_a_blocked_one_takes_no_time_a_confirmed_one_does() -> None:
    blocked = entry(1, REAL, violations=("too hot",))
    confirmed = Entry(2, Status.QUEUED, 2.0, REAL, 0.0, prediction=blocked.prediction, confirmed=True)
    assert finish_times([blocked, confirmed], NOW) == {1: None, 2: NOW + 60.0}


def test_no_entries_no_times() -> None:
    assert finish_times([], NOW) == {}


# --- the dry run ------------------------------------------------------------------------------------------


Dry = Callable[..., Forecast]


@pytest.fixture
def dry_run(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Stands for the twin: what is in the list is returned, raised or called; the requests follow."""
    script: list[Any] = []

    def stand_in(request: Any, *, report: Callable[[float, str], None]) -> Forecast:
        step = script[0]
        script.append(request)
        if isinstance(step, BaseException):
            raise step
        if callable(step):
            step(report)
        return Forecast(request.procedure, 60.0, 1000, ANALYSIS, ())

    monkeypatch.setattr(forecasts, "forecast", stand_in)
    return script


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "queue.sqlite"


def make_forecasts(path: Path, stop: threading.Event | None = None) -> None:
    Forecaster(path, stop or threading.Event()).all_waiting()


def test_a_prediction_is_what_the_dry_run_found(dry_run: list[Any]) -> None:
    dry_run.append(None)
    found = predict(Job("g2"))
    assert (found.duration_s, found.photons, found.results, found.passed) == (60.0, 1000, ANALYSIS.results, True)
    assert 0.0 <= found.wall_s < 10.0


def test_a_job_that_is_wrong_is_a_violation(dry_run: list[Any]) -> None:
    dry_run.append(BadInputError("the sample is gone"))
    found = predict(Job("g2"))
    assert (found.violations, found.passed) == (("the sample is gone",), False)


def test_an_earlier_run_is_continued_on_the_twin_only_where_it_is_the_twins(dry_run: list[Any]) -> None:
    dry_run.append(None)
    for job in (REAL, TWIN):
        predict(replace(job, continues=Path("/run.h5")))
    assert [request.continues for request in dry_run[1:]] == [None, Path("/run.h5")]


def test_all_that_wait_are_forecast_in_their_order(path: Path, dry_run: list[Any]) -> None:
    dry_run.append(None)
    with QueueStore(path) as queue:
        queue.add_many([Job("g2"), Job("esr"), Job("spin-pumping")])
        queue.move(3, before=1)
        make_forecasts(path)
        assert [request.procedure for request in dry_run[1:]] == ["spin-pumping", "g2", "esr"]
        assert all(row.prediction is not None for row in queue.queued())
        make_forecasts(path)
    assert len(dry_run) == 4


def test_a_job_edited_during_its_dry_run_is_forecast_anew(path: Path, dry_run: list[Any]) -> None:
    with QueueStore(path) as queue:
        queue.add(Job("g2"))

        def edit(report: Callable[[float, str], None]) -> None:
            if len(dry_run) == 2:
                with QueueStore(path) as window:
                    window.edit(1, Job("esr"))

        dry_run.append(edit)
        make_forecasts(path)
        assert [request.procedure for request in dry_run[1:]] == ["g2", "esr"]
        assert queue.entry(1).prediction is not None


def test_a_removed_entry_ends_its_dry_run(path: Path, dry_run: list[Any]) -> None:
    broken_off: list[str] = []

    def remove(report: Callable[[float, str], None]) -> None:
        with QueueStore(path) as window:
            window.remove(1)
        try:
            report(0.1, "")
        except StoppedError as error:
            broken_off.append(str(error))

    with QueueStore(path) as queue:
        queue.add(Job("g2"))
        dry_run.append(remove)
        make_forecasts(path)
    assert broken_off == ["the entry was removed"]


def test_a_stop_breaks_the_dry_run_off_keeps_nothing_and_counts_no_attempt(path: Path, dry_run: list[Any]) -> None:
    stop = threading.Event()

    def stopped(report: Callable[[float, str], None]) -> None:
        stop.set()
        with pytest.raises(StoppedError):
            report(0.1, "")

    dry_run.append(stopped)
    with QueueStore(path) as queue:
        queue.add(Job("g2"))
        for _ in range(4):
            stop.clear()
            make_forecasts(path, stop)
        assert queue.entry(1).prediction is None
        assert [row.id for row in queue.without_forecast()] == [1]


def test_a_dry_run_that_breaks_is_logged_and_the_next_entry_has_its_turn(
    path: Path, dry_run: list[Any], caplog: pytest.LogCaptureFixture
) -> None:
    dry_run.append(ZeroDivisionError("the twin"))
    with QueueStore(path) as queue:
        queue.add_many([Job("g2"), Job("esr")])
        make_forecasts(path)
        assert [row.prediction for row in queue.queued()] == [None, None]
    assert len(dry_run) == 1 + 2 * 3
    assert "no forecast of entry 2" in caplog.text


def test_only_the_named_ones_are_forecast(path: Path, dry_run: list[Any]) -> None:
    dry_run.append(None)
    told: list[int] = []
    with QueueStore(path) as queue:
        queue.add_many([Job("g2"), Job("esr")])
        forecast_waiting(path, only=frozenset({2}), tell=lambda row, prediction: told.append(row.id))
        assert [row.prediction is not None for row in queue.queued()] == [False, True]
    assert told == [2]


def test_where_another_process_forecasts_its_forecasts_are_waited_for(
    path: Path, dry_run: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[int] = []
    with QueueStore(path) as queue, the_only_one(path):
        queue.add(Job("g2"))

        def meanwhile(seconds: float) -> None:
            queue.put_prediction(1, queue.entry(1).job, Prediction(1.0, 1, {}, True))

        monkeypatch.setattr(forecasting.time, "sleep", meanwhile)
        forecast_waiting(path, tell=lambda row, prediction: told.append(row.id))
    assert told == [1]
    assert dry_run == []


def test_an_error_of_the_forecasting_thread_is_told(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(self: Forecaster) -> None:
        raise BadInputError("the disk is full")

    monkeypatch.setattr(Forecaster, "all_waiting", broken)
    with QueueStore(path) as queue:
        queue.add(Job("g2"))
    with pytest.raises(BadInputError, match="the disk is full"):
        forecast_waiting(path, tell=lambda row, prediction: None)


@pytest.fixture
def _interruptible() -> Iterator[None]:
    """A shell ignores the interrupt for what it starts in the background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("_interruptible")
def test_an_interrupt_stops_the_forecasting_thread_and_is_told() -> None:
    stop, ended = threading.Event(), threading.Event()

    def work() -> None:
        signal.raise_signal(signal.SIGINT)  # Python hands it to the main thread
        stop.wait(30.0)
        ended.set()

    with pytest.raises(KeyboardInterrupt):
        forecasting._in_a_thread(work, stop)
    assert stop.is_set()
    assert ended.is_set()


@pytest.mark.end_to_end
def test_the_forecaster_process_finds_what_is_wrong_and_ends_when_told(path: Path) -> None:
    handle = start_forecaster(path)
    try:
        with QueueStore(path) as queue:
            queue.add(Job("g2", sample="/nowhere/dot.yaml"))
            end_s = time.monotonic() + 60.0
            while queue.entry(1).prediction is None and time.monotonic() < end_s:
                assert handle.is_alive(), path.with_name("queue.sqlite.forecaster.log").read_text()
                threading.Event().wait(0.05)
            prediction = queue.entry(1).prediction
        assert prediction is not None
        assert "no such file" in prediction.violations[0]
    finally:
        handle.stop()
    assert not handle.is_alive()
    handle.stop()


@pytest.mark.end_to_end
def test_the_real_dry_run_gives_time_photons_and_errors_and_leaves_nothing(tmp_path: Path) -> None:
    found = predict(Job("g2", (("duration", "5"), ("batch", "5")), twin=True, out=tmp_path / "runs"))
    assert found.duration_s > 5.0
    assert found.photons > 10_000
    assert found.violations == ()
    assert found.results["lifetime"].stderr > 0.0
    assert not (tmp_path / "runs").exists()
