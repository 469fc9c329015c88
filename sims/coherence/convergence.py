"""Does the answer stand when more is taken along? T2 of one bath against the reach of pairs and the bath's size."""

from collections.abc import Iterable

from sims.coherence.bath import SpinBath
from sims.coherence.cce import CceOptions, cce_coherence
from sims.coherence.decay import first_decay_time_s
from sims.coherence.dipolar import Field, Qubit
from sims.coherence.sequences import Sequence


def t2_against_neighbours(
    bath: SpinBath,
    qubit: Qubit,
    field: Field,
    sequence: Sequence,
    guess_s: float,
    neighbours: Iterable[int] = (10, 20, 40),
) -> tuple[tuple[int, float], ...]:
    """(neighbours, T2 in s) for each reach of pairs."""
    return tuple(
        (number, _t2_s(bath, qubit, field, sequence, guess_s, CceOptions(n_neighbours=number))) for number in neighbours
    )


def t2_against_radius(
    bath: SpinBath, qubit: Qubit, field: Field, sequence: Sequence, guess_s: float, radii_nm: Iterable[float]
) -> tuple[tuple[float, float], ...]:
    """(radius in nm, T2 in s) with only the spins closer to the dopant than each radius."""
    return tuple(
        (radius, _t2_s(bath.within(radius), qubit, field, sequence, guess_s, CceOptions())) for radius in radii_nm
    )


def _t2_s(bath: SpinBath, qubit: Qubit, field: Field, sequence: Sequence, guess_s: float, options: CceOptions) -> float:
    found, _ = first_decay_time_s(
        lambda times: cce_coherence(bath, qubit, field, sequence, times, options).magnitude, guess_s
    )
    return found
