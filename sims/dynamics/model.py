"""The dot with its dopants as an open quantum system: ground ⊕ exciton (⊕ biexciton) (⊗ nucleus).

30 levels with heavy holes only and one Mn²⁺, 54 with all holes. Coherent: everything in sims.dot's Hamiltonians.
Open: radiation (the dipole as a vector operator, which keeps the dopant's coherence), recombination without light,
spin flips of electron, hole and dopant in detailed balance, pure dephasing of the line and of the dopant.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

import numpy as np

from sims.basics.constants import BOHR_MAGNETON_MEV_PER_T
from sims.basics.spins import ComplexArray, FloatArray, dimension, place, spin_operators
from sims.dot.exciton import (
    dipole_rows,
    exciton_hamiltonian,
    ground_hamiltonian,
    heavy_bright_states,
    heavy_dark_states,
)
from sims.dot.ground import dopant_hamiltonian, electron_nuclear_hamiltonian
from sims.dot.lineshape import linewidth_mev
from sims.dot.sample import Sample
from sims.dot.stimulus import Environment
from sims.dynamics.superoperator import HBAR_MEV_NS
from sims.dynamics.system import (
    IntArray,
    System,
    block_eigenstates,
    checked_field,
    checked_temperature,
    thermal_operator,
)

N_CARRIER = 8
HEAVY = np.array([0, 3, 4, 7])
"""Carrier states (electron ± ½ times hole +3/2 … −3/2) that hold a heavy hole."""


@dataclass(frozen=True)
class DotModel:
    """A dot's :class:`System` with the places of its manifolds.

    ``ground``, ``exciton``, ``biexciton``: indices of the levels (the last may be empty). ``dopant_dimension`` is the
    number of dopant (and nuclear) states behind each carrier state; ``carriers`` the carrier states kept.
    """

    sample: Sample
    environment: Environment
    system: System
    ground: IntArray
    exciton: IntArray
    biexciton: IntArray
    carriers: IntArray
    dopant_dimension: int

    @property
    def size(self) -> int:
        """Number of levels."""
        return self.system.size

    def ground_mixture(self) -> ComplexArray:
        """Density matrix (n, n) of an unpolarised dopant without exciton."""
        weight = np.zeros(self.size)
        weight[self.ground] = 1 / self.ground.size
        return np.diag(weight).astype(np.complex128)

    def ground_product_state(self, index: int) -> ComplexArray:
        """Density matrix (n, n) of product state ``index`` (0: m = +S) of the dopants without exciton."""
        if not 0 <= index < self.ground.size:
            raise ValueError(f"ground product state {index}: must be 0 … {self.ground.size - 1}")
        vector = self.system.basis[index].conj()
        return np.outer(vector, vector.conj())

    def projector(self, levels: IntArray) -> ComplexArray:
        """Operator (n, n) whose expectation is the population of the ``levels``."""
        return np.diag(np.isin(np.arange(self.size), levels)).astype(np.complex128)

    def dopant_projectors(self) -> tuple[ComplexArray, ...]:
        """Populations of the dopants' product states whatever the carriers are, each (n, n); first m = +S."""
        copies = self.size // self.dopant_dimension
        result = []
        for index in range(self.dopant_dimension):
            one = np.zeros(self.dopant_dimension)
            one[index] = 1.0
            result.append(self.system.from_product_basis(np.diag(np.tile(one, copies)).astype(np.complex128)))
        return tuple(result)

    def photon_rate_operators(self) -> tuple[ComplexArray, ...]:
        """Operators (n, n) whose expectations are the photon rates (1/ns) into σ⁺, σ⁻ and π of the exciton lines."""
        rate = self.sample.quantum_yield / self.sample.lifetime_ns
        single = np.isin(np.arange(self.size), self.biexciton, invert=True)
        dipoles = (d * single for d in self.system.lowering)
        return tuple(rate * np.asarray(d.conj().T @ d, dtype=np.complex128) for d in dipoles)


def build_model(
    sample: Sample,
    environment: Environment,
    *,
    heavy_holes_only: bool = False,
    biexciton: bool = False,
    nuclei: bool = False,
) -> DotModel:
    """The open system of a sample in its environment.

    ``heavy_holes_only`` leaves the light holes out (also their admixture); ``biexciton`` adds one biexciton level
    for each ground state, reached by light on the exciton-biexciton line (σ⁺ from |−1⟩) and by Pairs; ``nuclei``
    adds the nuclear spin of the one dopant, which makes 2I + 1 times the levels: 180 for Mn with heavy holes. Those
    evolve in an axial field (1,862 unknowns, 12 s, 0.8 GB) but not in a tilted one; take
    efficiency_with_frozen_nucleus there. ValueError for a charged dot, a temperature that is not above 0 K, a field
    that is not finite, no dopant with ``nuclei``, or more than one.
    """
    if sample.charge != 0:
        raise ValueError(f"charge = {sample.charge}: the master equation knows neutral dots only; use sims.dot's rates")
    temperature = checked_temperature(environment.temperature_k)
    checked_field(environment.field_t)
    carriers = HEAVY if heavy_holes_only else np.arange(N_CARRIER)
    ground_h, exciton_h, dopant_dimensions = _blocks(sample, environment, carriers, nuclei)
    n_ground, n_exciton = ground_h.shape[0], exciton_h.shape[0]
    sizes = [n_ground, n_exciton, n_ground if biexciton else 0]
    photons = np.repeat([0, 1, 2], sizes).astype(np.int64)
    hamiltonian = np.zeros((photons.size, photons.size), dtype=np.complex128)
    places = [np.flatnonzero(photons == k).astype(np.int64) for k in range(3)]
    blocks = [ground_h, exciton_h, ground_h - sample.biexciton_binding_mev * np.eye(n_ground)]
    basis, energies = np.zeros_like(hamiltonian), np.empty(photons.size)
    for levels, block in zip(places, blocks, strict=True):
        if levels.size:
            energies[levels], basis[np.ix_(levels, levels)] = block_eigenstates(block)
    shape = _Shape((places[0], places[1], places[2]), carriers, dopant_dimensions, basis)
    lowering = np.stack([shape.carrier_lowering(row) for row in dipole_rows()])
    collapse = (
        *_recombination(sample, shape, lowering),
        *_biexciton_decay(sample, shape),
        *_flips(sample, shape, energies, temperature),
        *_pure_dephasing(sample, shape, energies, photons, temperature),
    )
    bright, dark = heavy_bright_states(), heavy_dark_states()
    system = System(
        energies_mev=energies,
        basis=basis,
        photons=photons,
        collapse=tuple(c for c in collapse if np.any(c)),
        lowering=lowering + shape.biexciton_lowering(),
        moment_mev_per_t=_moment(sample, shape),
        creation=tuple(shape.carrier_creation(int(c)) for c in (*bright, *dark)),
        mixing=_ground_steps(sample, shape),
        second_creation=tuple(shape.biexciton_creation(column) for column in range(carriers.size)) if biexciton else (),
    )
    return DotModel(sample, environment, system, places[0], places[1], places[2], carriers.astype(np.int64), n_ground)


def line_rate_operators(model: DotModel, lines: Sequence[tuple[int, int]]) -> tuple[ComplexArray, ...]:
    """For each line (ground level, exciton level): operator (n, n) whose expectation is its photon rate in 1/ns.

    (QY/τ) Σ_q |⟨g|D_q|x⟩|² |x⟩⟨x|: all light of the line, whatever its polarisation. Lines that overlap within their
    width interfere; then only their sum (DotModel.photon_rate_operators) is meaningful.
    """
    rate = model.sample.quantum_yield / model.sample.lifetime_ns
    result = []
    for ground, exciton in lines:
        if ground not in model.ground or exciton not in model.exciton:
            raise ValueError(f"line ({ground}, {exciton}): not a ground and an exciton level of this model")
        weight = np.zeros(model.size)
        weight[exciton] = rate * float(np.sum(np.abs(model.system.lowering[:, ground, exciton]) ** 2))
        result.append(np.diag(weight).astype(np.complex128))
    return tuple(result)


def saturation_rabi_mev(sample: Sample, temperature_k: float, saturation: float) -> float:
    """ħΩ of light of saturation parameter s = P/P_sat: golden rule W = Ω²/(2γ₂) with γ₂ = Γ/2ħ equal to s/(2τ).

    ħΩ = √(s Γ ħ/(2τ)), Γ the line's FWHM (physics of sims.dot.rates.resonant_generator). ValueError when s < 0.
    """
    if not (np.isfinite(saturation) and saturation >= 0):
        raise ValueError(f"saturation {saturation}: must be finite and not negative")
    fwhm = _optical_fwhm_mev(sample, checked_temperature(temperature_k))
    return float(np.sqrt(saturation * fwhm * HBAR_MEV_NS / (2 * sample.lifetime_ns)))


def jones(stokes: tuple[float, float, float]) -> tuple[complex, complex]:
    """Circular amplitudes (σ⁺, σ⁻) of fully polarised light: S1 = −2Re(a₊a₋*), S2 = 2Im(a₊a₋*), S3 = |a₊|² − |a₋|².

    ValueError unless the Stokes vector has unit length: partly polarised light has no amplitudes.
    """
    length = float(np.linalg.norm(stokes))
    if len(stokes) != 3 or not abs(length - 1) < 1e-6:
        raise ValueError(
            f"stokes {stokes}: length {length:.6g}; a coherent drive needs fully polarised light, length 1"
        )
    s1, s2, s3 = stokes
    plus = float(np.sqrt(max(0.0, (1 + s3) / 2)))
    if plus < 1e-9:
        return 0j, 1 + 0j
    minus = complex(-s1, -s2) / (2 * plus)
    return complex(plus), minus


@dataclass(frozen=True)
class _Shape:
    """Where things are in the product basis ground | carriers x dopants | biexciton, and the eigenbasis."""

    places: tuple[IntArray, IntArray, IntArray]
    carriers: IntArray
    dopant_dimensions: tuple[int, ...]
    basis: ComplexArray

    @property
    def n_ground(self) -> int:
        return prod(self.dopant_dimensions)

    def eigen(self, operator: ComplexArray) -> ComplexArray:
        return np.asarray(self.basis.conj().T @ operator @ self.basis, dtype=np.complex128)

    def between(self, to: int, origin: int, block: ComplexArray) -> ComplexArray:
        """Operator in the eigenbasis from its block between two manifolds."""
        result = np.zeros_like(self.basis)
        rows, columns = self.places[to], self.places[origin]
        inner = self.basis[np.ix_(rows, rows)].conj().T @ block @ self.basis[np.ix_(columns, columns)]
        result[np.ix_(rows, columns)] = inner
        return result

    def carrier_lowering(self, row: FloatArray) -> ComplexArray:
        """|vacuum⟩⟨row| on the carriers, unity on the dopants."""
        block = np.kron(row[self.carriers][None, :], np.eye(self.n_ground)).astype(np.complex128)
        return self.between(0, 1, block)

    def carrier_creation(self, carrier: int) -> ComplexArray:
        row = np.zeros(N_CARRIER)
        row[carrier] = 1.0
        return np.asarray(self.carrier_lowering(row).conj().T, dtype=np.complex128)

    def biexciton_creation(self, column: int) -> ComplexArray:
        """A pair added to the exciton in carrier state number ``column`` of those kept; the dopants stay."""
        row = np.zeros((1, self.carriers.size))
        row[0, column] = 1.0
        return self.between(2, 1, np.kron(row, np.eye(self.n_ground)).astype(np.complex128))

    def biexciton_lowering(self) -> ComplexArray:
        """Dipole from biexciton to exciton, (3, n, n): one heavy-hole pair goes, σ⁺ leaves |−1⟩ and the reverse."""
        result = np.zeros((3, *self.basis.shape), dtype=np.complex128)
        if self.places[2].size == 0:
            return result
        up, down = heavy_bright_states()
        rows = dipole_rows()
        for polarisation, gone, left in ((0, up, down), (1, down, up)):
            column = np.flatnonzero(self.carriers == left)[0]
            result[polarisation] = rows[polarisation, gone] * self.biexciton_creation(int(column)).conj().T
        return result

    def on_carriers(self, operator: ComplexArray) -> ComplexArray:
        """Carrier operator (8, 8) in the exciton manifold."""
        kept = operator[np.ix_(self.carriers, self.carriers)]
        return self.between(1, 1, np.kron(kept, np.eye(self.n_ground)).astype(np.complex128))

    def on_dopants(self, operator: ComplexArray, manifold: int) -> ComplexArray:
        """Dopant operator (n_ground, n_ground) in one manifold."""
        copies = self.carriers.size if manifold == 1 else 1
        if self.places[manifold].size == 0:
            return np.zeros_like(self.basis)
        return self.between(manifold, manifold, np.kron(np.eye(copies), operator).astype(np.complex128))


def _blocks(
    sample: Sample, environment: Environment, carriers: IntArray, nuclei: bool
) -> tuple[ComplexArray, ComplexArray, tuple[int, ...]]:
    """Hamiltonians of ground and exciton manifold in their product bases, and the dimensions behind the carriers."""
    field = environment.field_t
    dimensions = tuple(dimension(d.spin) for d in sample.dopants)
    size = prod(dimensions)
    kept = (carriers[:, None] * size + np.arange(size)).ravel()
    exciton = exciton_hamiltonian(sample, field)[np.ix_(kept, kept)]
    if not nuclei:
        return ground_hamiltonian(sample, field), exciton, dimensions
    if len(sample.dopants) != 1:
        raise ValueError(
            f"nuclei: asked for with {len(sample.dopants)} dopants; the nucleus of exactly one is modelled"
        )
    dopant = sample.dopants[0]
    n_nuclear = dimension(dopant.nuclear_spin)
    with_nucleus = electron_nuclear_hamiltonian(dopant, field)
    nuclear = with_nucleus - np.kron(dopant_hamiltonian(dopant, field), np.eye(n_nuclear))
    exciton = np.kron(exciton, np.eye(n_nuclear)) + np.kron(np.eye(carriers.size), nuclear)
    return with_nucleus, exciton.astype(np.complex128), (*dimensions, n_nuclear)


def _recombination(sample: Sample, shape: _Shape, lowering: ComplexArray) -> list[ComplexArray]:
    """Photons by the vector dipole; the rest of the stated decay b/τ + (1−b)/τ_dark carrier state by carrier state."""
    radiative = sample.quantum_yield / sample.lifetime_ns
    result = [np.sqrt(radiative) * operator for operator in lowering]
    brightness = np.sum(dipole_rows() ** 2, axis=0)
    for carrier in shape.carriers:
        share = float(min(1.0, brightness[carrier]))
        total = share / sample.lifetime_ns + (1 - share) / sample.dark_lifetime_ns
        missing = max(0.0, total - radiative * float(brightness[carrier]))
        result.append(np.sqrt(missing) * shape.carrier_creation(int(carrier)).conj().T)
    return result


def _biexciton_decay(sample: Sample, shape: _Shape) -> list[ComplexArray]:
    """σ⁺ light leaves |−1⟩ behind and the reverse; without light (Auger) one pair of random bright spin remains."""
    if shape.places[2].size == 0:
        return []
    up, down = heavy_bright_states()
    rows = dipole_rows()
    total = 1 / (2 * sample.biexciton_lifetime_ns)
    result = []
    for left, sign in ((int(down), rows[0, up]), (int(up), rows[1, down])):
        column = np.zeros((shape.carriers.size, 1))
        column[np.flatnonzero(shape.carriers == left)[0]] = np.sign(sign)
        step = shape.between(1, 2, np.kron(column, np.eye(shape.n_ground)).astype(np.complex128))
        result.append(np.sqrt(total) * step)
    return result


def _flips(sample: Sample, shape: _Shape, energies: FloatArray, temperature_k: float) -> list[ComplexArray]:
    """Spin flips of dopant, electron and hole in the exciton, and of the dopant in the dark, in detailed balance."""
    steps: list[tuple[ComplexArray, float]] = []
    for number, dopant in enumerate(sample.dopants):
        for operator in _ladder(dopant.spin):
            placed = place(operator, number, shape.dopant_dimensions)
            if sample.exciton_dopant_flip_ns is not None:
                steps.append((shape.on_dopants(placed, 1), sample.exciton_dopant_flip_ns))
            for manifold in (0, 2):
                steps.append((shape.on_dopants(placed, manifold), 1e3 * sample.dark_t1_us))
    if sample.electron_flip_ns is not None:
        steps += [(shape.on_carriers(place(o, 0, (2, 4))), sample.electron_flip_ns) for o in _ladder(0.5)]
    if sample.hole_flip_ns is not None:
        ladder = [*_ladder(1.5), *_hole_reversals()]
        steps += [(shape.on_carriers(place(o, 1, (2, 4))), sample.hole_flip_ns) for o in ladder]
    return [thermal_operator(operator, energies, temperature_k) / np.sqrt(time_ns) for operator, time_ns in steps]


def _ladder(spin: float) -> tuple[ComplexArray, ComplexArray]:
    """S₊ and S₋ normalised so that the mean downhill step has the stated time (sims.dot.relaxation)."""
    operators = spin_operators(spin)
    norm = np.sqrt(2 / 3 * spin * (spin + 1))
    return operators.plus / norm, operators.minus / norm


def _hole_reversals() -> list[ComplexArray]:
    """|−h⟩⟨h| one by one: their phonons differ in angular momentum and do not interfere."""
    result = []
    for column in range(4):
        operator = np.zeros((4, 4), dtype=np.complex128)
        operator[3 - column, column] = 1.0
        result.append(operator)
    return result


def _pure_dephasing(
    sample: Sample, shape: _Shape, energies: FloatArray, photons: IntArray, temperature_k: float
) -> list[ComplexArray]:
    """Line: what its FWHM needs beyond the lifetime, √(2γ*) n̂. Dopant: √(2/T2) times the slow part of S_z.

    Only what joins levels closer than ħ/T2, because the slow noise behind T2 has no weight at larger splittings. So
    the choice of eigenstates among equal energies (Kramers pairs, two alike dopants) does not matter.
    """
    t2_ns = 1e3 * sample.spin_t2_us
    slow = np.abs(energies[:, None] - energies[None, :]) < HBAR_MEV_NS / t2_ns
    slow &= photons[:, None] == photons[None, :]
    line = max(0.0, _optical_fwhm_mev(sample, temperature_k) / (2 * HBAR_MEV_NS) - 1 / (2 * sample.lifetime_ns))
    result = [np.sqrt(2 * line) * np.diag(photons).astype(np.complex128)]
    for number, dopant in enumerate(sample.dopants):
        along_z = place(spin_operators(dopant.spin).z, number, shape.dopant_dimensions)
        total = sum((shape.on_dopants(along_z, manifold) for manifold in range(3)), np.zeros_like(shape.basis))
        result.append(np.sqrt(2 / t2_ns) * np.where(slow, total, 0.0))
    return result


def _optical_fwhm_mev(sample: Sample, temperature_k: float) -> float:
    return linewidth_mev(sample.linewidth, temperature_k)


def _moment(sample: Sample, shape: _Shape) -> ComplexArray:
    """Moment g μ_B S of all dopants along x, y, z, (3, n, n) in meV/T."""

    def along(axis: int) -> ComplexArray:
        total = np.zeros_like(shape.basis)
        for number, dopant in enumerate(sample.dopants):
            placed = place(spin_operators(dopant.spin).vector[axis], number, shape.dopant_dimensions)
            for manifold in range(3):
                total += dopant.g_factor * BOHR_MAGNETON_MEV_PER_T * shape.on_dopants(placed, manifold)
        return total

    return np.stack([along(axis) for axis in range(3)])


def _ground_steps(sample: Sample, shape: _Shape) -> tuple[ComplexArray, ...]:
    """Dopant steps in the ground manifold, both ways alike (infinite temperature), for a rate of 1/ns."""
    result: list[ComplexArray] = []
    for number, dopant in enumerate(sample.dopants):
        for operator in _ladder(dopant.spin):
            result.append(shape.on_dopants(place(operator, number, shape.dopant_dimensions), 0))
    return tuple(result)
