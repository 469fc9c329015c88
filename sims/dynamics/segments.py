"""The segments of a pulse sequence, and each as Hamiltonian and collapse operators in a frame where it stands still."""

from dataclasses import dataclass

import numpy as np

from sims.basics.spins import ComplexArray
from sims.dynamics.model import jones
from sims.dynamics.rotating_frame import Frame, microwave_frame, split_by_quanta
from sims.dynamics.superoperator import HBAR_MEV_NS
from sims.dynamics.system import System


@dataclass(frozen=True)
class Light:
    """Narrow light on the exciton lines.

    ``detuning_mev``: photon energy minus that of the undoped bright heavy-hole exciton; ``rabi_mev``: ħΩ on a full
    bright dipole (model.saturation_rabi_mev turns a saturation parameter into it); ``stokes``: unit Stokes vector,
    S3 = +1 for σ⁺; ``fwhm_mev``: Lorentzian width, which acts as diffusion of the light's phase.
    """

    detuning_mev: float
    rabi_mev: float
    stokes: tuple[float, float, float] = (0.0, 0.0, 1.0)
    fwhm_mev: float = 0.0


@dataclass(frozen=True)
class Pairs:
    """Light through excited states or the continuum: pairs appear at ``rate_per_ns``, the dopant untouched.

    Where the model has a biexciton, an exciton takes a second pair at the same rate, whatever its spin.

    ``circularity`` +1 … −1: how much of the light's helicity the bright pairs keep; ``dark_fraction``: pairs whose
    electron has flipped on the way.
    """

    rate_per_ns: float
    circularity: float = 0.0
    dark_fraction: float = 0.0


@dataclass(frozen=True)
class MicrowaveDrive:
    """B1 cos(2πft + φ) with peak amplitude ``field_mt`` along the unit vector ``direction``; the clock runs through."""

    frequency_ghz: float
    field_mt: float
    phase_rad: float = 0.0
    direction: tuple[float, float, float] = (1.0, 0.0, 0.0)


@dataclass(frozen=True)
class Segment:
    """A stretch in which nothing is switched.

    ``mixing_per_ns``: rate of dopant steps in the ground manifold caused by the light (see pumping). ValueError, naming
    the number, for a duration, light, pair rate or microwave that makes no sense (``checked_segment``).
    """

    duration_ns: float
    lights: tuple[Light, ...] = ()
    pairs: Pairs | None = None
    microwave: MicrowaveDrive | None = None
    mixing_per_ns: float = 0.0

    def __post_init__(self) -> None:
        checked_segment(self)


@dataclass(frozen=True)
class SegmentOperators:
    """A segment as Hamiltonian (n, n) in meV and collapse operators in its frame."""

    hamiltonian_mev: ComplexArray
    collapse: tuple[ComplexArray, ...]
    frame: Frame


def segment_operators(system: System, segment: Segment) -> SegmentOperators:
    """Hamiltonian and collapse operators of a segment in its frame. ValueError where there is no such frame."""
    detuning = _common_detuning(segment.lights)
    light_turn = np.asarray(detuning * system.photons, dtype=np.float64)
    hamiltonian = system.hamiltonian_mev - np.diag(light_turn)
    optical = np.zeros_like(hamiltonian)
    for light in segment.lights:
        optical += _light_coupling(system, light)
    collapse = [*system.collapse, *_light_collapse(system, segment)]
    if segment.microwave is None or segment.microwave.field_mt == 0:
        return SegmentOperators(hamiltonian + optical, tuple(collapse), Frame(light_turn))
    drive = segment.microwave
    moment = np.einsum("a,aij->ij", np.array(drive.direction), system.moment_mev_per_t)
    shaken = np.asarray(1e-3 * drive.field_mt * moment, dtype=np.complex128)
    energies = system.energies_mev - light_turn
    turning = microwave_frame(energies, shaken, optical, drive.frequency_ghz)
    hamiltonian = hamiltonian - turning.quantum_mev * np.diag(turning.quanta)
    driven = turning.static_part(shaken, drive.phase_rad)
    collapse = [part for operator in collapse for part in split_by_quanta(operator, turning.quanta)]
    frame = Frame(light_turn + turning.quantum_mev * turning.quanta)
    return SegmentOperators(hamiltonian + optical + driven, tuple(collapse), frame)


def checked_segment(segment: Segment) -> Segment:
    """The segment; ValueError naming the number that makes no sense."""
    numbers = {"duration_ns": segment.duration_ns, "mixing_per_ns": segment.mixing_per_ns}
    for light in segment.lights:
        jones(light.stokes)
        if not np.isfinite(light.detuning_mev):
            raise ValueError(f"light.detuning_mev = {light.detuning_mev}: must be finite")
        numbers |= {"light.rabi_mev": light.rabi_mev, "light.fwhm_mev": light.fwhm_mev}
    if segment.pairs is not None:
        numbers["pairs.rate_per_ns"] = segment.pairs.rate_per_ns
        if not (abs(segment.pairs.circularity) <= 1 and 0 <= segment.pairs.dark_fraction <= 1):
            raise ValueError(f"{segment.pairs}: circularity must lie in -1 ... 1 and dark_fraction in 0 ... 1")
    if segment.microwave is not None:
        drive = segment.microwave
        numbers |= {"microwave.field_mt": drive.field_mt, "microwave.frequency_ghz": drive.frequency_ghz}
        if not (np.isfinite(drive.phase_rad) and abs(np.linalg.norm(drive.direction) - 1) < 1e-9):
            raise ValueError(f"{drive}: phase_rad must be finite and direction a unit vector")
    for name, value in numbers.items():
        if not (np.isfinite(value) and value >= 0):
            raise ValueError(f"{name} = {value}: must be finite and not negative")
    return segment


def _light_coupling(system: System, light: Light) -> ComplexArray:
    """(ħΩ/2) Σ_q e_q D_q† + h.c., rotating-wave in the optical frequency."""
    _need(system, np.any(system.lowering), "light")
    plus, minus = jones(light.stokes)
    raising = plus * system.lowering[0].conj().T + minus * system.lowering[1].conj().T
    return np.asarray(light.rabi_mev / 2 * (raising + raising.conj().T), dtype=np.complex128)


def _light_collapse(system: System, segment: Segment) -> list[ComplexArray]:
    """Diffusion of the light's phase, √(Γ_L/ħ) n̂; pairs from excited states; mixing of the dark dopant."""
    result: list[ComplexArray] = []
    width = max((light.fwhm_mev for light in segment.lights), default=0.0)
    if width > 0:
        result.append(np.sqrt(width / HBAR_MEV_NS) * np.diag(system.photons).astype(np.complex128))
    if segment.pairs is not None:
        _need(system, len(system.creation) == 4, "pairs")
        light = segment.pairs
        bright, dark = (1 - light.dark_fraction) / 2, light.dark_fraction / 2
        up, down = (1 + light.circularity), (1 - light.circularity)
        shares = (bright * up, bright * down, dark * up, dark * down)
        for share, operator in zip(shares, system.creation, strict=True):
            if share * light.rate_per_ns > 0:
                result.append(np.sqrt(share * light.rate_per_ns) * operator)
        if light.rate_per_ns > 0:
            result += [np.sqrt(light.rate_per_ns) * operator for operator in system.second_creation]
    if segment.mixing_per_ns > 0:
        _need(system, len(system.mixing) > 0, "mixing_per_ns")
        result += [np.sqrt(segment.mixing_per_ns) * operator for operator in system.mixing]
    return result


def _need(system: System, present: bool | np.bool_, what: str) -> None:
    if not present:
        raise ValueError(f"segment: {what} asked for, but this system of {system.size} levels has nothing it acts on")


def _common_detuning(lights: tuple[Light, ...]) -> float:
    detunings = {light.detuning_mev for light in lights}
    widths = {light.fwhm_mev for light in lights}
    if len(detunings) > 1 or len(widths) > 1:
        raise ValueError(
            f"lights of one segment have detunings {sorted(detunings)} meV and widths {sorted(widths)} meV; no frame "
            "holds both still. Use one laser for each segment, or Pairs for the light whose coherence does not matter"
        )
    return detunings.pop() if detunings else 0.0
