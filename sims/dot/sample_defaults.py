"""What a sample file leaves out: numbers of the ion table, silent ions, the dopant's own emission.

These functions work on fields as read, before they are checked, so they leave alone whatever they cannot read.
"""

import math
from collections.abc import Mapping
from typing import Any

from sims.matter.dopants import IONS, IonInHost, NotEstablished, ion_in_host
from sims.matter.hosts import MATERIALS, material
from sims.matter.quantity import Quantity

__all__ = ["NotEstablished", "completed", "nearest_cations_nm"]

DIMER_TOLERANCE = 1.05
"""Ions closer than this times the nearest distance of two cations count as nearest neighbours."""

FALLBACK_DARK_T1_US = 1000.0

IN_HOST = (
    "g_factor",
    "hyperfine_uev",
    "zero_field_d_uev",
    "zero_field_e_uev",
    "cubic_a_uev",
    "n0_alpha_mev",
    "n0_beta_mev",
)
NAMES = {
    "hyperfine_uev": "hyperfine constant",
    "zero_field_d_uev": "zero-field D",
    "zero_field_e_uev": "zero-field E",
    "cubic_a_uev": "cubic a",
    "n0_alpha_mev": "electron exchange N0alpha",
    "n0_beta_mev": "hole exchange N0beta",
}


def completed(fields: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Fields with defaults of the ion table filled in, and what had to be taken as zero, one phrase each."""
    result = dict(fields)
    gaps: list[str] = []
    host, dopants = result.get("host"), result.get("dopants", ())
    if host not in MATERIALS or not isinstance(dopants, list | tuple):
        return result, gaps
    active = [_in_host(item, host, gaps) for item in dopants]
    silent = list(result.get("silent_dopants", ()) or ())
    active, moved = _without_silent(active, host, keep_pairs=bool(result.get("dopant_exchange")))
    result["dopants"] = active
    if moved:
        result["silent_dopants"] = silent + moved
    elements = [element for element in map(_element, active) if element in IONS]
    if elements:
        _fill_sample(result, elements, gaps)
    return result, gaps


def nearest_cations_nm(host: str) -> float:
    """Distance of neighbouring cations of the host's lattice, nm."""
    return float(material(host).lattice.nearest_cation_distance_nm)


def _in_host(item: object, host: str, gaps: list[str]) -> object:
    if not isinstance(item, Mapping) or item.get("element") not in IONS:
        return item
    known: IonInHost = ion_in_host(item["element"], host)
    filled = dict(item)
    strained = any(item.get(name) for name in ("axial_strain", "in_plane_strain"))
    for field in IN_HOST:
        if field in filled:
            continue
        if strained and field in ("zero_field_d_uev", "zero_field_e_uev"):
            filled[field] = 0.0  # strain gives the whole of it
            continue
        if _overridden(field, item):
            filled[field] = 0.0
            continue
        quantity: Quantity = getattr(known, field)
        if quantity.value is None:
            gaps.append(f"{NAMES[field]} ({field}) of {known.ion.name} in {host}")
        filled[field] = quantity.value or 0.0
    if strained and known.ion.strain_coefficient_mev.value is None:
        gaps.append(f"strain coefficient of {known.ion.name} in {host}")
    return filled


def _overridden(field: str, item: Mapping[str, Any]) -> bool:
    """Whether an exchange constant given by the file makes the bulk number unnecessary."""
    override = {"n0_alpha_mev": "electron_exchange_mev", "n0_beta_mev": "hole_exchange_mev"}.get(field)
    return override is not None and item.get(override) is not None


def _without_silent(dopants: list[object], host: str, keep_pairs: bool) -> tuple[list[object], list[object]]:
    """Active and silent ions: Cu+ and nearest-neighbour pairs (antiferromagnetic, S = 0) are silent."""
    silent = {n for n, item in enumerate(dopants) if _field(item, "oxidation_state") == 1 and _element(item) == "Cu"}
    if not keep_pairs:
        nearest = nearest_cations_nm(host)
        reach = DIMER_TOLERANCE * nearest
        for one in range(len(dopants)):
            for other in range(one):
                if silent & {one, other}:
                    continue
                first, second = place_nm(dopants[one]), place_nm(dopants[other])
                if first is not None and second is not None and nearest / 2 < math.dist(first, second) <= reach:
                    silent |= {one, other}
    active = [item for n, item in enumerate(dopants) if n not in silent]
    return active, [item for n, item in enumerate(dopants) if n in silent]


def _fill_sample(result: dict[str, Any], elements: list[str], gaps: list[str]) -> None:
    if "dark_t1_us" not in result:
        known = [IONS[element].dark_t1_us.value for element in elements]
        result["dark_t1_us"] = min(value or FALLBACK_DARK_T1_US for value in known)
        if None in known:
            gaps.append(f"dark T1 of {', '.join(sorted(set(elements)))} ({FALLBACK_DARK_T1_US:g} us assumed)")
    transitions = [IONS[element].inner_transition for element in elements]
    accepting = [one for one in transitions if one.transfer_ps.value is not None]
    if "energy_transfer_ps" not in result:
        result["energy_transfer_ps"] = accepting[0].transfer_ps.value if accepting else None
    if "inner_emission" not in result and result["energy_transfer_ps"] is not None:
        inner = (accepting or transitions)[0]
        if inner.lifetime_us.value is not None:
            result["inner_emission"] = {
                "energy_mev": inner.energy_mev.value,
                "fwhm_mev": inner.fwhm_mev.value,
                "lifetime_us": inner.lifetime_us.value,
            }


def _element(item: object) -> str:
    return str(_field(item, "element"))


def _field(item: object, name: str) -> object:
    return item.get(name) if isinstance(item, Mapping) else getattr(item, name, None)


def place_nm(item: object) -> tuple[float, ...] | None:
    """Cartesian position of an ion (fields or Dopant), nm; None where its direction is not stated."""
    distance, direction = _number(_field(item, "position_nm")), _field(item, "direction")
    if distance == 0:
        return 0.0, 0.0, 0.0
    if distance is None or not isinstance(direction, list | tuple) or len(direction) != 3:
        return None
    components = [number for number in map(_number, direction) if number is not None]
    length = math.hypot(*components)
    if len(components) != 3 or length == 0:
        return None
    return tuple(distance * component / length for component in components)


def _number(value: object) -> float | None:
    """The value where it is a finite number, else None."""
    if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
        return float(value)
    return None
