"""Coherence of the dopant's spin in a bath of nuclei by cluster-correlation expansion to second order.

L(T) = product over spins of L_i times product over close pairs of L_ij/(L_i L_j)
(Yang and Liu, Phys. Rev. B 78, 085315 (2008)). L_i is exact for any field. Pairs: ``secular`` (default; equal isotopes
flip-flop, everything that does not conserve I1z + I2z is dropped; cheap for any spin) or ``full`` (nothing dropped but
the electron's transverse components). ``secular_error`` states how much the first differs from the second.
Good while pairs decay one at a time: up to the decay time in a bath much more strongly coupled to the electron than
to itself; not for the late tail, nor for larger clusters that flip together.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from sims.basics import checks
from sims.coherence.bath import SpinBath
from sims.coherence.checks import times
from sims.coherence.dipolar import (
    Field,
    IndexArray,
    Qubit,
    close_pairs,
    default_pairs,
    pair_distances_nm,
    secular_pair_couplings,
)
from sims.coherence.pairs import full_pair_coherences, secular_pair_coherences, single_coherences
from sims.coherence.sequences import Sequence

FloatArray = npt.NDArray[np.float64]
ComplexArray = npt.NDArray[np.complex128]

LARGEST_FULL_PAIR = 36
"""Largest dimension of a pair that the full model takes: two spins 5/2."""
NEGLIGIBLE = 1e-4
"""Where the two members alone leave less coherence than this, the pair's own factor is taken as 1: L is zero there."""
_NUMBERS_AT_ONCE = 1_000_000


@dataclass(frozen=True)
class CceOptions:
    """How the expansion is made.

    ``order`` 1 (single spins) or 2 (and pairs); ``pairs`` the pair Hamiltonian; ``pair_cutoff_nm`` largest distance
    of the two; where that is None, the median distance to the ``n_neighbours``-th neighbour of its isotope.
    ``modulation`` False leaves out the single spins (ESEEM) of an echo: what remains is the envelope by pairs.
    ValueError otherwise.
    """

    order: Literal[1, 2] = 2
    pairs: Literal["secular", "full"] = "secular"
    pair_cutoff_nm: float | None = None
    n_neighbours: int = 30
    modulation: bool = True

    def __post_init__(self) -> None:
        if self.order not in (1, 2):
            raise ValueError(f"order is {self.order}: single spins (1) and pairs (2) are what is built")
        if self.pairs not in ("secular", "full"):
            raise ValueError(f"pairs is {self.pairs!r}: choose 'secular' or 'full'")
        if self.pair_cutoff_nm is not None:
            checks.positive("pair_cutoff_nm", self.pair_cutoff_nm)
        checks.at_least("n_neighbours", self.n_neighbours, 1)


@dataclass(frozen=True)
class CceResult:
    """Coherence L at total times T (s), complex (times,) with |L| <= 1; pairs used, longest of them (nm).

    ``overshoot`` is by how much the truncated product exceeded 1 anywhere before it was scaled back: above a few per
    cent the expansion does not hold at those times.
    """

    total_times_s: FloatArray
    coherence: ComplexArray
    n_pairs: int
    longest_pair_nm: float
    overshoot: float

    @property
    def magnitude(self) -> FloatArray:
        """Modulus of the coherence, shape (times,)."""
        return np.asarray(np.abs(self.coherence), dtype=np.float64)


def cce_coherence(
    bath: SpinBath,
    qubit: Qubit,
    field: Field,
    sequence: Sequence,
    total_times_s: npt.ArrayLike,
    options: CceOptions | None = None,
) -> CceResult:
    """Coherence of ``qubit`` after ``sequence`` of total length T for each T, unpolarised bath.

    ValueError for times that are negative or not finite, a full pair beyond two spins 5/2, or a sequence that does not
    refocus when the single spins are to be left out.
    """
    instants = times("total_times_s", total_times_s)
    chosen = options or CceOptions()
    if not chosen.modulation and sequence.static_phase_fraction:
        raise ValueError(f"modulation=False with {sequence.name}: single spins are what dephases it; keep them")
    product = np.ones(len(instants), dtype=np.complex128)
    if chosen.modulation:
        product = _singles_product(bath, qubit, field, sequence, instants)
    pairs = _pairs(bath, chosen) if chosen.order == 2 else np.zeros((0, 2), dtype=np.int64)
    for together, alone in _pair_factors(bath, pairs, qubit, field, sequence, instants, chosen):
        ratio = together / np.where(np.abs(alone) > NEGLIGIBLE, alone, 1.0)
        product = product * np.prod(np.where(np.abs(alone) > NEGLIGIBLE, ratio, 1.0), axis=0)
    size = np.abs(product)
    overshoot = float(max(0.0, size.max() - 1.0))
    longest = float(pair_distances_nm(bath, pairs).max(initial=0.0))
    return CceResult(instants, product / np.maximum(1.0, size), len(pairs), longest, overshoot)


def mean_over_baths(
    draw: Callable[[np.random.Generator], SpinBath],
    coherence: Callable[[SpinBath], ComplexArray],
    n_baths: int,
    seed: int,
) -> tuple[ComplexArray, ComplexArray]:
    """Mean coherence (times,) and each bath's own (baths, times); ``draw`` makes a bath from a generator.

    ValueError for ``n_baths`` < 1.
    """
    if n_baths < 1:
        raise ValueError(f"n_baths is {n_baths}: at least one bath is needed")
    rng = np.random.default_rng(seed)
    curves = np.array([coherence(draw(rng)) for _ in range(n_baths)])
    return curves.mean(axis=0), curves


def secular_error(
    bath: SpinBath,
    qubit: Qubit,
    field: Field,
    sequence: Sequence,
    total_times_s: npt.ArrayLike,
    *,
    n_pairs: int = 20,
    pair_cutoff_nm: float | None = None,
) -> float:
    """Largest |difference| of L between secular and full pairs, over the ``n_pairs`` most strongly coupled equal pairs.

    Pairs of one isotope no larger than two spins 5/2; NaN when there is none to compare. It is the error of one pair's
    factor; a bath has many pairs, but the strongest lead.
    """
    instants = times("total_times_s", total_times_s)
    pairs = _pairs(bath, CceOptions(pair_cutoff_nm=pair_cutoff_nm))
    pairs = pairs[(2 * bath.spins[pairs[:, 0]] + 1) ** 2 <= LARGEST_FULL_PAIR + 0.5] if len(pairs) else pairs
    strength = np.abs(secular_pair_couplings(bath, pairs, field)) if len(pairs) else np.zeros(0)
    strongest = pairs[np.argsort(-strength)[:n_pairs]]
    worst = 0.0 if len(strongest) else float("nan")
    for chunk in _alike(bath, strongest, len(instants), by_name=True, full=True):
        together, alone = secular_pair_coherences(bath, chunk, qubit, field, sequence, instants)
        exact = full_pair_coherences(bath, chunk, qubit, field, sequence, instants)
        singles = single_coherences(bath.subset(chunk.ravel()), qubit, field, sequence, instants)
        product = singles[0::2] * singles[1::2]
        safe = np.abs(alone) > NEGLIGIBLE
        approximate = np.where(safe, product * together / np.where(safe, alone, 1.0), product)
        worst = max(worst, float(np.max(np.abs(approximate - exact))))
    return worst


def _singles_product(
    bath: SpinBath, qubit: Qubit, field: Field, sequence: Sequence, instants: FloatArray
) -> ComplexArray:
    product = np.ones(len(instants), dtype=np.complex128)
    step = max(1, _NUMBERS_AT_ONCE // (8 * len(instants)))
    for start in range(0, len(bath), step):
        part = bath.subset(np.arange(start, min(start + step, len(bath))))
        product = product * np.prod(single_coherences(part, qubit, field, sequence, instants), axis=0)
    return product


def _pairs(bath: SpinBath, options: CceOptions) -> IndexArray:
    alike = options.pairs == "secular"
    if options.pair_cutoff_nm is None:
        pairs = default_pairs(bath, options.n_neighbours, same_isotope=alike)
    else:
        pairs = close_pairs(bath, options.pair_cutoff_nm, same_isotope=alike)
    dimensions = (2 * bath.spins[pairs[:, 0]] + 1) * (2 * bath.spins[pairs[:, 1]] + 1)
    if options.pairs == "full" and dimensions.size and dimensions.max() > LARGEST_FULL_PAIR + 0.5:
        raise ValueError(
            f"pairs='full': a pair of dimension {round(dimensions.max())} exceeds {LARGEST_FULL_PAIR}; use 'secular'"
        )
    return pairs


def _pair_factors(
    bath: SpinBath,
    pairs: IndexArray,
    qubit: Qubit,
    field: Field,
    sequence: Sequence,
    instants: FloatArray,
    options: CceOptions,
) -> Iterator[tuple[ComplexArray, FloatArray]]:
    """Chunks of (pair together, its members alone), each (P, times)."""
    if options.pairs == "secular":
        for chunk in _alike(bath, pairs, len(instants), by_name=True, full=False):
            yield secular_pair_coherences(bath, chunk, qubit, field, sequence, instants)
        return
    for chunk in _alike(bath, pairs, len(instants), by_name=False, full=True):
        members = single_coherences(bath.subset(chunk.ravel()), qubit, field, sequence, instants)
        yield full_pair_coherences(bath, chunk, qubit, field, sequence, instants), members[0::2] * members[1::2]


def _alike(bath: SpinBath, pairs: IndexArray, n_times: int, *, by_name: bool, full: bool) -> Iterator[IndexArray]:
    """Pairs sorted into groups of equal spins (and isotope), cut so that a chunk's arrays stay below about 100 MB."""
    if not len(pairs):
        return
    keys = [(bath.spins[i], bath.spins[j], bath.names[i] if by_name else "") for i, j in pairs]
    for key in sorted(set(keys)):
        group = pairs[[other == key for other in keys]]
        numbers = (2 * key[0] + 1) * (2 * key[1] + 1)
        block = numbers**2 if full else (2 * key[0] + 1) ** 2
        step = max(1, int(_NUMBERS_AT_ONCE / (max(block, 8) * n_times)))
        for start in range(0, len(group), step):
            yield group[start : start + step]
