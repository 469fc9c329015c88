"""The safe state is reached once, whatever ends the run, and nothing interrupts the way."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from instruments.errors import InterlockError, QuenchError
from runfile.reader import RunFile
from runmanager.engine import RunOutcome
from runmanager.interrupt import StoppableClock, StopRequest, stop_on_signals
from runmanager.safety_net import SafetyNet

Run = Callable[[], RunOutcome]


def net_of(bench: Any) -> SafetyNet:
    bench.clock = StoppableClock(bench, StopRequest(), sliced=False)
    return SafetyNet(bench, bench.clock)


def test_the_safe_state_is_reached_once(bench: Any) -> None:
    with net_of(bench) as net:
        assert net.reach() == ""
        net.reach()
    assert bench.events == ["safe state"]


def test_leaving_by_an_exception_reaches_it(bench: Any) -> None:
    with pytest.raises(SystemExit), net_of(bench):
        raise SystemExit(1)
    assert bench.events == ["safe state"]


AT_EXIT = """
import sys
from runmanager.interrupt import StoppableClock, StopRequest
from runmanager.safety_net import SafetyNet
from instruments.safety import SafeStateReport

class Bench:
    def safe_state(self):
        print("safe state", flush=True)
        return SafeStateReport(())

SafetyNet(Bench(), StoppableClock(None, StopRequest(), sliced=False)).__enter__()
sys.exit(5)
"""


def test_the_end_of_the_process_reaches_it_if_nothing_else_did() -> None:
    done = subprocess.run([sys.executable, "-c", AT_EXIT], capture_output=True, text=True, timeout=60, check=False)
    assert (done.stdout.strip(), done.returncode) == ("safe state", 5)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_further_signals_do_not_interrupt_the_safe_state(bench: Any, number: signal.Signals) -> None:
    def safe_state() -> Any:
        for _ in range(3):
            os.kill(os.getpid(), number)
        bench.clock.sleep_s(1.0)  # a driver waits for its shutter
        return type(bench).safe_state(bench)

    stop = StopRequest()
    bench.clock = StoppableClock(bench, stop, sliced=True)
    net = SafetyNet(bench, bench.clock)
    reached = safe_state
    with stop_on_signals(stop), net:
        bench_safe_state, bench.safe_state = bench.safe_state, reached
        assert net.reach() == ""
    bench.safe_state = bench_safe_state
    assert stop.is_set()
    assert bench.events == ["safe state"]


def test_a_wait_on_the_way_is_not_ended_by_an_interlock(bench: Any) -> None:
    net = net_of(bench)

    def violated() -> None:
        raise QuenchError("a quench")

    bench.clock.watch = violated
    with pytest.raises(InterlockError):
        bench.clock.sleep_s(1.0)
    net.reach()
    bench.clock.sleep_s(1.0)


def test_a_violated_interlock_aborts_the_run_with_its_message(run: Run, bench: Any, experiment: Any) -> None:
    experiment.then = lambda self: setattr(bench.magnet, "quench", True) or self.bench.clock.sleep_s(60.0)
    outcome = run()
    assert (outcome.exit_status, outcome.exit_code) == ("aborted", 3)
    assert "magnet has QUENCHED" in outcome.message.replace("the magnet", "magnet")
    assert bench.now < 5.0 + 20.0, "found within seconds of the wait"
    with RunFile(outcome.run_file) as recorded:
        assert recorded.table().n_points == 2


def test_a_bench_with_a_violated_interlock_does_not_begin(run: Run, bench: Any) -> None:
    bench.magnet.quench = True
    outcome = run()
    assert "execute" not in bench.events
    assert (outcome.exit_status, outcome.exit_code) == ("aborted", 3)


def test_what_happens_after_the_last_checkpoint_is_found_at_the_end(run: Run, bench: Any, experiment: Any) -> None:
    experiment.then = lambda self: setattr(bench.magnet, "quench", True)
    outcome = run()
    assert (outcome.exit_status, outcome.exit_code) == ("aborted", 3)


def test_a_program_told_to_end_makes_the_bench_safe_first(
    run: Run, bench: Any, experiment: Any, tmp_path: Path
) -> None:
    def leave(_: object) -> None:
        raise SystemExit(9)

    experiment.then = leave
    outcome = run()
    assert (outcome.exit_status, outcome.exit_code) == ("aborted", 3)
    assert bench.events == ["safe state", "execute", "safe state", "closed"]
