"""Light, microwave and conditions that cannot be are refused by name when they are made."""

from typing import Any

import pytest

from sims.basics.checks import UnphysicalInputError
from sims.dot.stimulus import ContinuousLight, Environment, Microwave, PulsedLight, Segment

NAN, INF = float("nan"), float("inf")
POSSIBLE: dict[type, dict[str, Any]] = {
    Environment: {"temperature_k": 4.0, "field_t": (0.0, 0.0, 1.0)},
    ContinuousLight: {"energy_mev": 2000.0, "fwhm_mev": 0.0, "power_w": 0.0, "stokes": (0.0, 0.0, 1.0)},
    PulsedLight: {"time_ns": 0.0, "energy_mev": 2214.0, "fwhm_mev": 8.0, "energy_j": 1e-15, "stokes": (0.0, 0.0, 0.0)},
    Microwave: {"frequency_ghz": 9.4, "field_mt": 0.0},
    Segment: {"duration_ns": 100.0},
}
IMPOSSIBLE = [
    (Environment, "temperature_k", (-1.0, NAN, INF, "4")),
    (Environment, "field_t", ((NAN, 0.0, 0.0), (0.0, INF, 0.0), (0.0, 0.0), 3.0)),
    (ContinuousLight, "energy_mev", (0.0, -1.0, NAN, INF)),
    (ContinuousLight, "fwhm_mev", (-1.0, NAN, INF)),
    (ContinuousLight, "power_w", (-1e-6, NAN, INF)),
    (ContinuousLight, "stokes", ((0.0, 0.0, 2.0), (NAN, 0.0, 0.0), (1.0, 0.0), "sigma+")),
    (PulsedLight, "time_ns", (-1.0, NAN)),
    (PulsedLight, "energy_j", (-1e-15, NAN, INF)),
    (PulsedLight, "fwhm_mev", (-1.0, NAN)),
    (PulsedLight, "stokes", ((0.0, 0.0, 3.0), (NAN, 0.0, 0.0))),
    (Microwave, "frequency_ghz", (0.0, -1.0, NAN)),
    (Microwave, "field_mt", (-1.0, NAN, INF)),
    (Segment, "duration_ns", (0.0, -1.0, NAN, INF)),
]


@pytest.mark.parametrize("kind", POSSIBLE)
def test_what_can_be_is_accepted(kind: type) -> None:
    made = kind(**POSSIBLE[kind])
    assert all(getattr(made, name) == value for name, value in POSSIBLE[kind].items())


@pytest.mark.parametrize(("kind", "name", "value"), [(k, n, v) for k, n, values in IMPOSSIBLE for v in values])
def test_what_cannot_be_is_refused_by_name(kind: type, name: str, value: object) -> None:
    with pytest.raises(UnphysicalInputError, match=name):
        kind(**{**POSSIBLE[kind], name: value})
