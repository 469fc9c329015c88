"""Pulse sequences longer than a device can make or record are refused before anything moves."""

from collections.abc import Callable
from typing import Any

import pytest

from instruments.idq_id900 import MOST_BINS, Id900
from instruments.picoquant_multiharp import MultiHarp
from instruments.roles import LimitedBins, LimitedDivider
from instruments.srs_dg645 import LARGEST_DIVIDER, Dg645
from instruments.swabian_time_tagger import SwabianTimeTagger
from procedures.errors import RefusedError
from procedures.esr import SpinResonance
from procedures.experiment import Experiment
from procedures.spin_pumping import SpinPumping

Perform = Callable[..., Any]
FEW = 10_000_000


def limited(bench: Any, *, n_bins: int, divider: int) -> None:
    """Devices that say their limits."""
    bench.players["time_tagger"].most_bins = lambda: n_bins
    bench.players["gates"].largest_divider = lambda: divider


@pytest.mark.parametrize(
    ("experiment", "name", "value"),
    [
        (SpinPumping, "pump_time", 100_000),
        (SpinPumping, "probe_time", 1_000_000),
        (SpinPumping, "dark_time", 10_000_000),
        (SpinResonance, "microwave_time", 40_000),
        (SpinResonance, "reset_time", 40_000),
    ],
)
def test_cycles_that_no_histogram_holds_are_refused(
    experiment: type[Experiment], name: str, value: int, bench: Any, perform: Perform
) -> None:
    limited(bench, n_bins=MOST_BINS, divider=LARGEST_DIVIDER)
    wanted = rf"{name} = {value} ns .* the_time_tagger hold at most 16383 bins of 2 ns, 32766 ns: shorten {name} to "
    with pytest.raises(RefusedError, match=wanted):
        perform(experiment(**{name: value}))
    assert bench.calls == []


def test_cycles_that_no_trigger_makes_are_refused(bench: Any, perform: Perform) -> None:
    limited(bench, n_bins=FEW, divider=LARGEST_DIVIDER)
    with pytest.raises(RefusedError, match=r"pump_time = 1000000 ns .* the_gates divides .* by at most 32767"):
        perform(SpinPumping(pump_time=1_000_000))
    assert bench.calls == []


def test_the_remedy_is_the_longest_time_that_is_taken(bench: Any, perform: Perform) -> None:
    limited(bench, n_bins=2000, divider=LARGEST_DIVIDER)
    with pytest.raises(RefusedError, match=r"shorten pump_time to (\d+) ns or less") as refused:
        perform(SpinPumping(pump_time=5000, duration=4.0, batches=4))
    longest_ns = int(str(refused.value).split("shorten pump_time to ")[1].split()[0])
    with pytest.raises(RefusedError):
        perform(SpinPumping(pump_time=longest_ns + 25, duration=4.0, batches=4))
    perform(SpinPumping(pump_time=longest_ns, duration=4.0, batches=4))


def test_where_shortening_one_is_not_enough_all_are_named(bench: Any, perform: Perform) -> None:
    limited(bench, n_bins=300, divider=LARGEST_DIVIDER)
    with pytest.raises(RefusedError, match="shorten reset_time, pump_time, probe_time, dark_time"):
        perform(SpinPumping())


def test_drivers_say_their_limits() -> None:
    for tagger in (Id900, MultiHarp, SwabianTimeTagger):
        assert issubclass(tagger, LimitedBins)
    assert issubclass(Dg645, LimitedDivider)
