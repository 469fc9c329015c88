"""sp-d exchange between the carriers and a dopant: the one place with its signs.

    H = I_e S.s + I_h S.J ,   I_e = -alpha |psi_e(R)|^2 ,   I_h = -(beta/3) |psi_h(R)|^2

with alpha = N0alpha V0, beta = N0beta V0, s = 1/2, J = 3/2 (J. A. Gaj, J. Ginter and R. R. Galazka, Phys. Stat. Sol. B
89, 655 (1978); J. K. Furdyna, J. Appl. Phys. 64, R29 (1988)). Mn2+ has alpha > 0 (I_e < 0, ferromagnetic) and
beta < 0 (I_h > 0, antiferromagnetic). The hole's density is averaged over direction: the anisotropy of an off-centre
dopant's hole exchange is left out.

Envelope functions by ``Sample.envelope_model``:
- "infinite-walls": the electron fills core and shells, the hole the core (1S3/2 of the Luttinger sphere; a single band
  where the valence band is not Gamma8).
- "effective-mass": both from the radial solver with the hosts' masses and offsets (``sims.envelope``), one hole band.
"""

from dataclasses import dataclass
from functools import lru_cache

from sims.basics import checks
from sims.basics.constants import BOHR_MAGNETON_MEV_PER_T
from sims.dot.sample import Sample
from sims.dot.sample_parts import Dopant
from sims.envelope.layers import HostLayer
from sims.envelope.pair import Pair, host_pair
from sims.envelope.sphere import electron_density_per_nm3, hole_density_per_nm3
from sims.matter.hosts import material

ENVELOPE_TEMPERATURE_K = 4.0


@dataclass(frozen=True)
class Exchange:
    """Constants of I_e S.s and I_h S.J in meV."""

    electron_mev: float
    hole_mev: float


@dataclass(frozen=True)
class Densities:
    """|psi|^2 of electron and hole at one place, in nm^-3."""

    electron_per_nm3: float
    hole_per_nm3: float


def exchange_constants(sample: Sample, dopant: Dopant) -> Exchange:
    """Exchange of one dopant: the overrides of the sample file, else computed from its position.

    N0alpha and N0beta are the dopant's, V0 that of the core's host. NotEstablishedError where the model needs a bulk
    number nobody has established; an exchange of 0 needs none.
    """
    volume = material(sample.host).cation_volume_nm3
    electron, hole = dopant.electron_exchange_mev, dopant.hole_exchange_mev
    unknown = (electron is None and dopant.n0_alpha_mev != 0) or (hole is None and dopant.n0_beta_mev != 0)
    density = carrier_densities(sample, dopant.position_nm) if unknown else Densities(0.0, 0.0)
    if electron is None:
        electron = electron_exchange_mev(dopant.n0_alpha_mev, volume, density.electron_per_nm3)
    if hole is None:
        hole = hole_exchange_mev(dopant.n0_beta_mev, volume, density.hole_per_nm3)
    return Exchange(electron, hole)


def electron_exchange_mev(n0_alpha_mev: float, cation_volume_nm3: float, density_per_nm3: float) -> float:
    """Electron-dopant exchange I_e of I_e S.s, meV: -N0alpha V0 |psi_e|^2."""
    return -_coupling_mev("n0_alpha_mev", n0_alpha_mev, cation_volume_nm3, density_per_nm3)


def hole_exchange_mev(n0_beta_mev: float, cation_volume_nm3: float, density_per_nm3: float) -> float:
    """Hole-dopant exchange I_h of I_h S.J, meV: -(N0beta/3) V0 |psi_h|^2, J = 3/2 (so J_z = 3/2 carries beta/2)."""
    return -_coupling_mev("n0_beta_mev", n0_beta_mev, cation_volume_nm3, density_per_nm3) / 3.0


def mean_field_electron_splitting_mev(
    spin: float, n0_alpha_mev: float, cation_volume_nm3: float, density_per_nm3: float
) -> float:
    """Eq. (2) of Barrett and Binks (2023) as meant: the electron in the field of a fully aligned dopant, meV.

    S N0alpha V0 |psi|^2, that is 2.5 N0alpha V0 |psi|^2 for Mn2+ (the printed 205 has lost its decimal point).
    """
    _require_spin(spin)
    return spin * _coupling_mev("n0_alpha_mev", n0_alpha_mev, cation_volume_nm3, density_per_nm3)


def exact_electron_splitting_mev(
    spin: float, n0_alpha_mev: float, cation_volume_nm3: float, density_per_nm3: float
) -> float:
    """Exact splitting in meV between total spin S + 1/2 and S - 1/2 of I_e S.s: (S + 1/2) N0alpha V0 |psi|^2.

    3 N0alpha V0 |psi|^2 for Mn2+ (J = 3 below J = 2 for alpha > 0): 6/5 of the mean-field form.
    """
    _require_spin(spin)
    return (spin + 0.5) * _coupling_mev("n0_alpha_mev", n0_alpha_mev, cation_volume_nm3, density_per_nm3)


def effective_field_t(splitting_mev: float, g_factor: float = 2.0) -> float:
    """Field in tesla in which a spin of ``g_factor`` (not 0) splits by ``splitting_mev``: E/(g mu_B)."""
    checks.finite("splitting_mev", splitting_mev)
    if checks.finite("g_factor", g_factor) == 0:
        raise ValueError("g_factor = 0: a spin without moment feels no field")
    return splitting_mev / (g_factor * BOHR_MAGNETON_MEV_PER_T)


def carrier_densities(sample: Sample, position_nm: float) -> Densities:
    """|psi|^2 of both carriers at a distance from the centre, by the sample's envelope model; 0 outside hard walls."""
    checks.not_negative("position_nm", position_nm)
    if sample.envelope_model == "effective-mass":
        pair = sample_pair(sample)
        return Densities(pair.electron.density_per_nm3(position_nm), pair.hole.density_per_nm3(position_nm))
    electron = electron_density_per_nm3(position_nm, sample.outer_radius_nm)
    ratio = material(sample.host).quantity("light_to_heavy_mass_ratio").value
    if ratio is None:
        return Densities(electron, electron_density_per_nm3(position_nm, sample.core_radius_nm))
    return Densities(electron, hole_density_per_nm3(position_nm, sample.core_radius_nm, ratio))


def sample_layers(sample: Sample) -> tuple[HostLayer, ...]:
    """Core and shells of a sample for the radial solver; a shell's ``interface_nm`` grades into the layer below it."""
    stack = [(sample.host, sample.core_radius_nm), *((shell.material, shell.thickness_nm) for shell in sample.layers)]
    widths = [*(shell.interface_nm for shell in sample.layers), 0.0]
    return tuple(HostLayer(host, thickness, width) for (host, thickness), width in zip(stack, widths, strict=True))


def sample_pair(sample: Sample) -> Pair:
    """Ground states of electron and hole of a sample by the radial solver, band edges at 4 K."""
    return _pair(sample_layers(sample))


@lru_cache(maxsize=64)
def _pair(layers: tuple[HostLayer, ...]) -> Pair:
    return host_pair(layers, ENVELOPE_TEMPERATURE_K)


def _coupling_mev(name: str, exchange_integral_mev: float, cation_volume_nm3: float, density_per_nm3: float) -> float:
    """Exchange integral times probability in one cation's volume."""
    checks.finite(name, exchange_integral_mev)
    checks.positive("cation_volume_nm3", cation_volume_nm3)
    checks.not_negative("density_per_nm3", density_per_nm3)
    return exchange_integral_mev * cation_volume_nm3 * density_per_nm3


def _require_spin(spin: float) -> None:
    checks.positive("spin", spin)
    if abs(2 * spin - round(2 * spin)) > 1e-12:
        raise ValueError(f"spin = {spin}: must be a multiple of 1/2")
