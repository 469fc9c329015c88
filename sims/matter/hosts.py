"""The table of hosts: every bulk number with unit, uncertainty and source, found by the host's name."""

from sims.matter.gaps import checked_temperature_k
from sims.matter.hosts_ii_vi import II_VI_HOSTS
from sims.matter.hosts_other import OTHER_HOSTS
from sims.matter.material import Material

MATERIALS: dict[str, Material] = {host.name: host for host in (*II_VI_HOSTS, *OTHER_HOSTS)}

HOSTS: tuple[str, ...] = tuple(MATERIALS)
"""Names of the hosts: CdSe, CdS, ZnSe, ZnS, CdTe, ZnTe, PbS, InP, CsPbX3 (X = Cl, Br, I), Ln2O2S (Ln = La, Gd, Y)."""


def material(name: str) -> Material:
    """Host of that name; ValueError, listing the known ones, for another."""
    if name not in MATERIALS:
        raise ValueError(f"host {name!r}: unknown (known: {', '.join(HOSTS)})")
    return MATERIALS[name]


def gap_mev(host: Material, temperature_k: float) -> float:
    """Gap in meV at ``temperature_k`` >= 0 (ValueError below) by the host's own law, see ``sims.matter.gaps``."""
    return host.gap_law.gap_mev(checked_temperature_k(temperature_k))


def conduction_band_minimum_mev(host: Material, temperature_k: float) -> float:
    """Conduction-band edge in meV on the scale of ``valence_band_maximum_mev``.

    The whole shift of the gap with temperature is given to this edge. NotEstablishedError where the valence edge is
    not established.
    """
    return host.valence_band_maximum_mev + gap_mev(host, temperature_k)
