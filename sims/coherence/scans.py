"""T2 against one property of dot or environment, everything else kept: shell, isotopes, temperature."""

from collections.abc import Iterable
from dataclasses import replace

from sims.coherence.inputs import DotGeometry, Environment, Purity
from sims.coherence.sequences import Sequence
from sims.coherence.t2 import CoherenceBudget, coherence_budget
from sims.matter.material import Material

Budgets = tuple[CoherenceBudget, ...]


def t2_against_shell(
    geometry: DotGeometry,
    environment: Environment,
    shell_host: str | Material,
    thicknesses_nm: Iterable[float],
    sequence: Sequence | None = None,
    *,
    n_baths: int = 3,
    seed: int = 0,
) -> Budgets:
    """One budget for each shell thickness in nm (0: no shell), same core, dopant and seed."""
    dots = [
        replace(geometry, shell_host=shell_host if thickness else None, shell_thickness_nm=thickness)
        for thickness in thicknesses_nm
    ]
    return tuple(coherence_budget(dot, environment, sequence, n_baths=n_baths, seed=seed) for dot in dots)


def t2_against_purity(
    geometry: DotGeometry,
    environment: Environment,
    purities: Iterable[Purity],
    sequence: Sequence | None = None,
    *,
    n_baths: int = 3,
    seed: int = 0,
) -> Budgets:
    """One budget for each isotopic purity (fraction of spin-free atoms, see ``sims.matter.nuclei.with_isotopes``)."""
    places = [replace(environment, isotopic_purity=purity) for purity in purities]
    return tuple(coherence_budget(geometry, place, sequence, n_baths=n_baths, seed=seed) for place in places)


def t2_against_temperature(
    geometry: DotGeometry,
    environment: Environment,
    temperatures_k: Iterable[float],
    sequence: Sequence | None = None,
    *,
    n_baths: int = 3,
    seed: int = 0,
) -> Budgets:
    """One budget for each temperature in K; only T1 depends on it.

    ValueError when the environment has no relaxation: nothing would change.
    """
    if environment.relaxation is None:
        raise ValueError("environment.relaxation is None: without a law for T1 nothing depends on temperature")
    places = [replace(environment, temperature_k=temperature) for temperature in temperatures_k]
    return tuple(coherence_budget(geometry, place, sequence, n_baths=n_baths, seed=seed) for place in places)
