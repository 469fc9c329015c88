"""The electron-hole pair of a dot: states, Coulomb energy, transition energy against size and temperature."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from scipy.optimize import root_scalar

from sims.envelope.coulomb import coulomb_energy_mev, polarisation_energy_mev
from sims.envelope.layers import VACUUM, HostLayer, Layer, Outside, electron_profile, hole_profile, layers_at
from sims.envelope.radial import RadialState, ground_state

LARGEST_CHANGE_MEV = 1e-6
MOST_ROUNDS = 50


@dataclass(frozen=True, eq=False)
class Pair:
    """Ground states of electron and hole; energies in meV. ``coulomb_mev`` is the attraction, a positive number."""

    electron: RadialState
    hole: RadialState
    coulomb_mev: float
    polarisation_mev: float

    @property
    def transition_mev(self) -> float:
        """E_e + E_h - Coulomb + polarisation, on the layers' scale the energy of the first transition."""
        return self.electron.energy_mev + self.hole.energy_mev - self.coulomb_mev + self.polarisation_mev


def solve_pair(
    layers: Sequence[Layer],
    outside: Outside = VACUUM,
    *,
    self_polarisation: bool = False,
    nonparabolic: bool = False,
) -> Pair:
    """Ground-state pair of a dot given by its layers, centre first.

    First order in the Coulomb interaction: right while both carriers are confined more strongly than they attract each
    other (radius below the exciton's Bohr radius); in larger dots the pair correlates and the true energy is lower.
    ``self_polarisation`` adds the image energy against ``outside.permittivity``. ``nonparabolic`` lets the masses grow
    with energy, see ``kane_electron_layers``. ValueError for unphysical layers, NotBoundError where a carrier escapes.
    """
    electron = ground_state(electron_profile(layers, outside))
    hole = ground_state(hole_profile(layers, outside))
    if nonparabolic:
        electron, hole = _nonparabolic_states(layers, outside, electron, hole)
    borders = electron.profile.borders_nm
    permittivities = tuple(layer.permittivity for layer in layers)
    coulomb = coulomb_energy_mev(electron, hole, borders, permittivities)
    polarisation = 0.0
    if self_polarisation:
        polarisation = polarisation_energy_mev(electron, hole, borders[-1], permittivities[-1], outside.permittivity)
    return Pair(electron, hole, coulomb, polarisation)


def host_pair(
    layers: Sequence[HostLayer],
    temperature_k: float,
    outside: Outside = VACUUM,
    *,
    self_polarisation: bool = False,
    nonparabolic: bool | None = None,
) -> Pair:
    """Ground-state pair of a dot of these hosts, centre first, at a temperature in K >= 0.

    ``nonparabolic`` None: only where the bands mirror each other (PbS, perovskites), which are wrong by 0.2 eV without.
    Raises ValueError for unphysical layers, NotEstablishedError for hosts without masses, NotBoundError where the dot
    does not bind a carrier.
    """
    numbers = layers_at(layers, temperature_k)
    kane = any(layer.mirror_bands for layer in numbers) if nonparabolic is None else nonparabolic
    return solve_pair(numbers, outside, self_polarisation=self_polarisation, nonparabolic=kane)


def transition_energy_mev(
    layers: Sequence[HostLayer],
    temperature_k: float,
    outside: Outside = VACUUM,
    *,
    self_polarisation: bool = False,
    nonparabolic: bool | None = None,
) -> float:
    """Energy in meV of the first optical transition of a dot of these hosts; arguments and errors as ``host_pair``.

    The deviation from published sizing curves is in ``sims.envelope.sizing``.
    """
    pair = host_pair(layers, temperature_k, outside, self_polarisation=self_polarisation, nonparabolic=nonparabolic)
    return pair.transition_mev


def kane_electron_layers(layers: Sequence[Layer], electron_mev: float) -> tuple[Layer, ...]:
    """The layers with the mass an electron has at its energy: m_e (E - E_v)/(E_c - E_v), E on the band edges' scale.

    Two-band model of E. O. Kane, J. Phys. Chem. Solids 1, 249 (1957), without the remote bands.
    """
    return tuple(
        replace(
            layer,
            electron_mass=layer.electron_mass
            * (electron_mev - layer.valence_mev)
            / (layer.conduction_mev - layer.valence_mev),
        )
        for layer in layers
    )


def kane_hole_layers(layers: Sequence[Layer], hole_mev: float) -> tuple[Layer, ...]:
    """The layers with the mass of a hole at E: m_h (E_c - E)/(E_c - E_v) where the bands mirror each other."""
    return tuple(
        replace(
            layer,
            hole_mass=layer.hole_mass * (layer.conduction_mev - hole_mev) / (layer.conduction_mev - layer.valence_mev),
        )
        if layer.mirror_bands
        else layer
        for layer in layers
    )


def _nonparabolic_states(
    layers: Sequence[Layer], outside: Outside, electron: RadialState, hole: RadialState
) -> tuple[RadialState, RadialState]:
    """States whose energy agrees with the masses they were computed with."""

    def electron_at(energy_mev: float) -> RadialState:
        return ground_state(electron_profile(kane_electron_layers(layers, energy_mev), outside))

    def hole_at(energy_mev: float) -> RadialState:
        return ground_state(hole_profile(kane_hole_layers(layers, -energy_mev), outside))

    electron = _self_consistent(electron_at, electron)
    if any(layer.mirror_bands for layer in layers):
        hole = _self_consistent(hole_at, hole)
    return electron, hole


def _self_consistent(state_at: Callable[[float], RadialState], start: RadialState) -> RadialState:
    """State whose energy equals the energy its masses were taken at, by the secant method."""
    first = start.energy_mev
    second = state_at(first).energy_mev
    found = root_scalar(
        lambda energy: state_at(energy).energy_mev - energy,
        method="secant",
        x0=first,
        x1=second,
        xtol=LARGEST_CHANGE_MEV,
        maxiter=MOST_ROUNDS,
    )
    if not found.converged:
        raise ValueError(
            f"nonparabolic masses: no energy agrees with its own masses after {MOST_ROUNDS} rounds; "
            "the dot is too small for a two-band model"
        )
    return state_at(float(found.root))
