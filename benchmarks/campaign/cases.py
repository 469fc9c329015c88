"""What goes wrong in which run: the list of cases, made from a seed and the fault-free runs."""

import itertools
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from sims.faults.bench_faults import BENCH_FAULT_PLACES
from sims.faults.plan import WIRE_FAULTS, FaultPlan, parse_plan

PROCEDURES: dict[str, tuple[tuple[str, str], ...]] = {
    "spin-pumping": (("scan_points", "9"), ("scan_time", "0.5"), ("duration", "6"), ("batches", "4")),
    "polarised-pl": (("exposure_time", "3"), ("repeats", "3"), ("field_points", "2"), ("field_stop", "0.05")),
    "g2": (("duration", "6"), ("batch", "1")),
    "esr": (
        ("frequency_points", "8"),
        ("frequency_start", "1.3"),
        ("frequency_stop", "2.2"),
        ("counting_time", "0.2"),
        ("scan_points", "9"),
        ("scan_time", "0.5"),
        ("minimum_field", "0.11"),
    ),
}
"""Settings that make a run take about a second; every kind of point is recorded at least twice."""

STATIONS = ("first", "second")
LASTING = {1: 0.5, 3: 0.25, 100_000: 0.25}
"""How many requests in a row a wire fault strikes, and how often that is chosen; 100 000: for good."""
RANDOM_CASES = 20
"""Every so many cases, one in which each request on each wire is struck with a chance of one in a hundred."""


@dataclass(frozen=True)
class Baseline:
    """A run in which nothing goes wrong: what it asked each instrument, how long it took, what it stated."""

    station: str
    procedure: str
    messages: dict[str, int]
    duration_s: float
    results: dict[str, tuple[float, float]]
    passed: bool

    def as_json(self) -> dict[str, Any]:
        """For the file of the campaign."""
        return asdict(self)


@dataclass(frozen=True)
class Case:
    """One run with its faults."""

    number: int
    station: str
    procedure: str
    kind: str
    instrument: str
    plan: FaultPlan


def combinations(baselines: list[Baseline]) -> list[tuple[Baseline, str, str]]:
    """Every wire fault on every instrument that a run talks to and every bench fault it can suffer."""
    found: list[tuple[Baseline, str, str]] = []
    for baseline in baselines:
        spoken_to = [name for name, count in baseline.messages.items() if count > 0]
        found += [(baseline, kind, name) for kind, name in itertools.product(WIRE_FAULTS, spoken_to)]
        found += [
            (baseline, kind, name)
            for kind, places in BENCH_FAULT_PLACES.items()
            for name in places
            if name in spoken_to
        ]
    return found


def case(number: int, seed: int, baselines: list[Baseline]) -> Case:
    """Case ``number`` of the campaign with ``seed``: combinations in shuffled order, moments and lengths by lot."""
    everything = combinations(baselines)
    order = np.random.default_rng((seed, number // len(everything))).permutation(len(everything))
    baseline, kind, name = everything[int(order[number % len(everything)])]
    rng = np.random.default_rng((seed, 1, number))
    if number % RANDOM_CASES == RANDOM_CASES - 1:
        fields: dict[str, Any] = {"chance": {"probability": 0.01}}
        kind, name = "chance", "all"
    elif kind in WIRE_FAULTS:
        at_message = 1 + int(rng.integers(baseline.messages[name]))
        lasting = int(rng.choice(list(LASTING), p=list(LASTING.values())))
        fields = {"faults": [{"fault": kind, "instrument": name, "at_message": at_message, "messages": lasting}]}
    else:
        at_s = float(rng.uniform(0.0, baseline.duration_s))
        fields = {"faults": [{"fault": kind, "instrument": name, "at_s": at_s}]}
    plan = parse_plan({"seed": number, **fields})
    return Case(number, baseline.station, baseline.procedure, kind, name, plan)
