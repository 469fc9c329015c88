"""Who watches which thermometer."""

from collections.abc import Callable
from typing import Any

import pytest

from instruments.couplings import couple


class Watcher:
    def __init__(self) -> None:
        self.thermometer: Callable[[], float] | None = None

    def watch_temperature(self, temperature_k: Callable[[], float]) -> None:
        self.thermometer = temperature_k


class Cryostat:
    def __init__(self, fitted: bool) -> None:
        self.fitted = fitted

    def has_magnet_thermometer(self) -> bool:
        return self.fitted

    def magnet_temperature_k(self) -> float:
        return 4.3

    def temperature_k(self) -> float:
        return 10.0


class PlainCryostat:
    def temperature_k(self) -> float:
        return 10.0


def test_the_magnet_watches_its_own_thermometer_the_positioner_the_samples() -> None:
    magnet, positioner = Watcher(), Watcher()
    made = couple({"magnet": magnet, "positioner": positioner, "cryostat": Cryostat(True)})
    assert [line.split(":")[0] for line in made] == ["magnet", "positioner"]
    assert magnet.thermometer is not None
    assert positioner.thermometer is not None
    assert (magnet.thermometer(), positioner.thermometer()) == (4.3, 10.0)


@pytest.mark.parametrize("cryostat", [Cryostat(False), PlainCryostat(), None])
def test_without_a_thermometer_at_the_magnet_nothing_is_watched(cryostat: Any) -> None:
    magnet = Watcher()
    assert couple({"magnet": magnet} | ({"cryostat": cryostat} if cryostat else {})) == ()
    assert magnet.thermometer is None


def test_players_that_watch_nothing_are_left_alone() -> None:
    assert couple({"magnet": object(), "cryostat": Cryostat(True), "positioner": object()}) == ()
