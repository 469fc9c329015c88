"""A run ends early only when its results are as certain as asked for, and the looks cost little."""

from pathlib import Path

import pytest

from analysis import registry
from runfile.live_run import LiveRun, RunFacts
from runfile.results import Analysis, Result, Verdict
from runmanager.errors import BadInputError
from runmanager.queue import targets
from runmanager.queue.entries import Target
from runmanager.queue.targets import TargetWatch, check_targets, is_met

TARGET = Target("g2_zero", 0.05)


def result(stderr: float, value: float = 0.1) -> dict[str, Result]:
    return {"g2_zero": Result(value, stderr, "1", "")}


class Looks:
    """The running analysis gives these standard errors, one a look; time goes on by ``cost_s`` a look."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, stderrs: list[float], cost_s: float = 0.0) -> None:
        self.left, self.n, now = list(stderrs), 0, [0.0]

        def analyse(run: object) -> Analysis:
            self.n += 1
            now[0] += cost_s
            return Analysis(result(self.left.pop(0)), Verdict(()))

        monkeypatch.setattr(registry, "analyse", analyse)
        monkeypatch.setattr(targets.time, "perf_counter", lambda: now[0])


def watch(*until: Target) -> TargetWatch:
    return TargetWatch(until, LiveRun(RunFacts(Path("run.h5"), "g2", "")).snapshot)


def test_ends_when_two_looks_in_a_row_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    Looks(monkeypatch, [0.04, 0.06, 0.05, 0.05])
    asked = watch(TARGET)
    reasons = [asked(float(k)) for k in range(4)]
    assert reasons[:3] == ["", "", ""]
    assert "g2_zero is known to ±0.05 (" in reasons[3]


def test_all_targets_must_be_met(monkeypatch: pytest.MonkeyPatch) -> None:
    Looks(monkeypatch, [0.01] * 5)
    asked = watch(TARGET, Target("lifetime", 1.0))
    assert [asked(float(k)) for k in range(5)] == [""] * 5


def test_looks_take_a_twentieth_of_the_bench_time(monkeypatch: pytest.MonkeyPatch) -> None:
    looks = Looks(monkeypatch, [1.0] * 100, cost_s=1.0)
    asked = watch(TARGET)
    for k in range(1000):
        asked(0.1 * k)
    assert looks.n == 5  # at 0, 20, 40, 60, 80 s


def test_nothing_is_asked_without_a_target_or_before_the_run_is_open() -> None:
    assert watch()(1.0) == ""
    assert TargetWatch((TARGET,), lambda: None)(1.0) == ""


@pytest.mark.parametrize("stderr", [0.0, -0.1, float("nan"), float("inf"), 0.0501])
def test_uncertainty_that_is_none_does_not_meet_a_target(stderr: float) -> None:
    assert not is_met(TARGET, result(stderr))


def test_result_that_is_not_a_number_does_not_meet_a_target() -> None:
    assert not is_met(TARGET, result(0.01, value=float("nan")))
    assert not is_met(TARGET, {})
    assert is_met(TARGET, result(0.05))


def test_unknown_result_is_refused_with_the_names_there_are() -> None:
    with pytest.raises(BadInputError, match=r"g2 has no result 'g3'.*g2_zero"):
        check_targets("g2", (Target("g3", 0.1),))


@pytest.mark.parametrize("stderr", [0.0, -1.0, float("nan"), float("inf")])
def test_impossible_uncertainty_is_refused(stderr: float) -> None:
    with pytest.raises(BadInputError, match="positive number"):
        check_targets("g2", (Target("g2_zero", stderr),))


def test_possible_target_is_taken() -> None:
    check_targets("g2", (TARGET,))
