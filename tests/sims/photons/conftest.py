"""Small jump processes whose every property can be checked, and a dot."""

import numpy as np
import numpy.typing as npt
import pytest

from sims.dot.response import Dot
from sims.dot.sample import load_sample
from sims.dot.stimulus import Environment
from sims.photons.process import JumpProcess, Kick, Stretch


def closed(rates: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return rates - np.diag(rates.sum(axis=0))


def two_spin_rates(pump: float = 0.0) -> npt.NDArray[np.float64]:
    """States g0 g1 | x0 x1 | b0 b1 (two dopant spins), per ns. The spin flips in the exciton and, slowly, bare."""
    rates = np.zeros((6, 6))
    rates[0, 2] = rates[1, 3] = 1.0  # exciton photons
    rates[2, 4] = rates[3, 5] = 3.0  # biexciton photons
    rates[3, 2] = rates[2, 3] = 0.02  # the spin flips under the exciton
    rates[1, 0], rates[0, 1] = 1e-4, 2e-4
    rates[0, 3] = 0.05  # loss without a photon that also turns the spin
    rates[2, 0] = rates[3, 1] = rates[4, 2] = rates[5, 3] = pump
    return closed(rates)


LINES = (np.array([2, 3, 4, 5]), np.array([0, 1, 2, 3]), np.array([0.9, 1.0, 0.5, 3.0]))


@pytest.fixture(scope="session")
def pulsed() -> JumpProcess:
    """A pulse every 13.157 ns (not a whole number of ps) that makes up to two pairs."""
    kick = np.zeros((6, 6))
    for spin in range(2):
        kick[spin, spin], kick[2 + spin, spin], kick[4 + spin, spin] = 0.6, 0.25, 0.15
        kick[2 + spin, 2 + spin], kick[4 + spin, 2 + spin] = 0.5, 0.5
        kick[4 + spin, 4 + spin] = 1.0
    return JumpProcess((Kick(kick), Stretch(13.1573, two_spin_rates())), *LINES)


@pytest.fixture(scope="session")
def sequence() -> JumpProcess:
    """Pump, dark, two pulses, probe: steps of different lengths, some equal."""
    kick = np.eye(6)
    kick[:, 0] = [0.7, 0, 0.3, 0, 0, 0]
    kick[:, 1] = [0, 0.4, 0, 0.6, 0, 0]
    pump, dark = two_spin_rates(0.4), two_spin_rates()
    selective = two_spin_rates()
    selective[2, 0], selective[0, 0] = 0.3, selective[0, 0] - 0.3
    steps = (
        Stretch(20.0, pump),
        Stretch(7.5, dark),
        Kick(kick),
        Stretch(7.5, dark),
        Kick(kick),
        Stretch(9.0, selective),
    )
    return JumpProcess(steps, *LINES)


@pytest.fixture(scope="session")
def continuous() -> JumpProcess:
    return JumpProcess((Stretch(50.0, two_spin_rates(0.3)),), *LINES)


@pytest.fixture(scope="session")
def cdte_dot() -> Dot:
    return Dot(load_sample("mn-cdte-znte"), Environment(5.0))
