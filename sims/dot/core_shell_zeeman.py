"""Giant Zeeman splitting of a doped core under a growing shell: the sign change that does not come out.

Bussian et al. (Nature Mater. 8, 35 (2009)) saw the splitting of Mn:ZnSe/CdSe dots turn from -14 to +7 meV as the
shell grew, and it was put down to the hole leaving the core. With Mn2+ spread evenly over the core,

    Delta E_Z = x <S_z> (N0alpha f_e - N0beta f_h),     f = share of the density in the core,

so that with N0alpha > 0 > N0beta both terms have one sign and the splitting only shrinks, whatever f_e and f_h do;
besides, the electron leaves first. A reversal needs N0alpha_eff < 0 (kinetic exchange grown by confinement: I. A.
Merkulov et al., Phys. Rev. Lett. 83, 1431 (1999)) or another symmetry of the hole. ``KineticExchange`` holds such
effective integrals as *fit parameters*: nothing here computes them.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sims.basics import checks
from sims.envelope.layers import Layer, Outside
from sims.envelope.pair import Pair, solve_pair
from sims.matter.hosts import material

ZNSE_CDSE_CONDUCTION_STEP_MEV = 800.0
ZNSE_CDSE_VALENCE_STEP_MEV = 230.0
"""Both wells in CdSe; published valence steps span 140 to 300 meV."""


@dataclass(frozen=True)
class KineticExchange:
    """Effective exchange integrals linear in the confinement energies: declared fit parameters, default none.

    N0alpha_eff = N0alpha + ``electron_slope`` E_e, N0beta_eff = N0beta + ``hole_slope`` E_h; the slopes are numbers
    (meV per meV) and the energies, in meV, count from the lowest band edge of the dot.
    """

    electron_slope: float = 0.0
    hole_slope: float = 0.0

    def __post_init__(self) -> None:
        checks.finite("electron_slope", self.electron_slope)
        checks.finite("hole_slope", self.hole_slope)

    def n0_alpha_mev(self, bulk_mev: float, confinement_mev: float) -> float:
        """Effective N0alpha at a confinement energy of the electron."""
        return _effective_mev(bulk_mev, self.electron_slope, confinement_mev)

    def n0_beta_mev(self, bulk_mev: float, confinement_mev: float) -> float:
        """Effective N0beta at a confinement energy of the hole."""
        return _effective_mev(bulk_mev, self.hole_slope, confinement_mev)


NO_KINETIC_EXCHANGE = KineticExchange()


@dataclass(frozen=True)
class ZeemanRow:
    """One shell thickness: shares of electron and hole in the core and Delta E_Z relative to f_e = f_h = 1."""

    shell_nm: float
    electron_in_core: float
    hole_in_core: float
    normalised_splitting: float


def uniform_doping_splitting_mev(
    dopant_fraction: float,
    spin_z: float,
    n0_alpha_mev: float,
    n0_beta_mev: float,
    electron_share: float,
    hole_share: float,
) -> float:
    """E(sigma+) - E(sigma-) in meV of an evenly doped region: x <S_z> (N0alpha f_e - N0beta f_h).

    ``dopant_fraction`` x of the cations (0..1), ``spin_z`` <S_z> (negative in a positive field), ``electron_share`` and
    ``hole_share`` of the density in the region (0..1). Heavy holes; N0 times beta enters whole because J_z = 3/2.
    """
    for name, value in (
        ("dopant_fraction", dopant_fraction),
        ("electron_share", electron_share),
        ("hole_share", hole_share),
    ):
        checks.fraction(name, value)
    for name, value in (("spin_z", spin_z), ("n0_alpha_mev", n0_alpha_mev), ("n0_beta_mev", n0_beta_mev)):
        checks.finite(name, value)
    return dopant_fraction * spin_z * (n0_alpha_mev * electron_share - n0_beta_mev * hole_share)


def znse_cdse_pair(core_radius_nm: float, shell_nm: float, valence_step_mev: float = 230.0) -> Pair:
    """ZnSe core with a CdSe shell (0: none): masses 0.16/0.13 and 0.60/0.45, steps 800 meV and ``valence_step_mev``.

    The outside lies 4 eV above (below) the edges of CdSe with the free mass, also for the bare core.
    """
    checks.positive("core_radius_nm", core_radius_nm)
    checks.positive("valence_step_mev", valence_step_mev)
    core_host, shell_host = material("ZnSe"), material("CdSe")
    gap = core_host.gap_0k_mev
    steps = (ZNSE_CDSE_CONDUCTION_STEP_MEV, valence_step_mev)
    core = Layer(core_radius_nm, core_host.electron_mass, core_host.hole_mass, gap, 0.0, core_host.permittivity)
    if shell_nm == 0:
        return solve_pair([core], Outside(4000.0 - steps[0], 4000.0 - steps[1]))
    shell = Layer(
        shell_nm, shell_host.electron_mass, shell_host.hole_mass, gap - steps[0], steps[1], shell_host.permittivity
    )
    return solve_pair([core, shell], Outside())


def bussian_series(
    shells_nm: Sequence[float],
    core_radius_nm: float = 1.7,
    valence_step_mev: float = ZNSE_CDSE_VALENCE_STEP_MEV,
    kinetic: KineticExchange = NO_KINETIC_EXCHANGE,
) -> tuple[ZeemanRow, ...]:
    """Shares in the core and normalised splitting against shell thickness: the documented non-reproduction.

    Without ``kinetic`` every value is positive: no sign change. With it, the integrals move with the confinement
    energies above the lowest band edges: a fit, not a prediction. Exchange integrals of Mn2+ in ZnSe.
    """
    host = material("ZnSe")
    bulk_mev = host.n0_alpha_mev - host.n0_beta_mev
    rows = []
    for shell_nm in shells_nm:
        pair = znse_cdse_pair(core_radius_nm, shell_nm, valence_step_mev)
        f_e = pair.electron.probability_within(0.0, core_radius_nm)
        f_h = pair.hole.probability_within(0.0, core_radius_nm)
        alpha = kinetic.n0_alpha_mev(
            host.n0_alpha_mev, pair.electron.energy_mev - pair.electron.profile.lowest_edge_mev
        )
        beta = kinetic.n0_beta_mev(host.n0_beta_mev, pair.hole.energy_mev - pair.hole.profile.lowest_edge_mev)
        rows.append(ZeemanRow(shell_nm, f_e, f_h, (alpha * f_e - beta * f_h) / bulk_mev))
    return tuple(rows)


def _effective_mev(bulk_mev: float, slope: float, confinement_mev: float) -> float:
    for name, value in (("exchange integral", bulk_mev), ("slope", slope), ("confinement_mev", confinement_mev)):
        checks.finite(name, value)
    return bulk_mev + slope * confinement_mev
