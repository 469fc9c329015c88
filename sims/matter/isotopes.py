"""Nuclei that carry a spin: abundance, spin, gyromagnetic ratio.

All numbers: R. K. Harris et al., "NMR nomenclature. Nuclear spin properties and conventions for chemical shifts
(IUPAC Recommendations 2001)", Pure Appl. Chem. 73, 1795 (2001), tables 1 and 2. The gyromagnetic ratios are those of
the reference compound tabulated there; chemical shifts (below 1 %, 207Pb up to 2 %) are not included. The nuclei of the
dopant ions are with the ions (``sims.matter.dopants``).
"""

from dataclasses import dataclass

from sims.matter.quantity import Quantity

SOURCE = "Harris et al., Pure Appl. Chem. 73, 1795 (2001)"

NUCLEAR_MAGNETON_OVER_HBAR_RAD_PER_S_PER_T = 4.789_412e7
"""mu_N / hbar, so that gamma = g_N mu_N / hbar (CODATA 2018: 5.0507837461e-27 / 1.054571817e-34)."""


@dataclass(frozen=True)
class Isotope:
    """One isotope with nuclear spin ``spin``; ``abundance`` is the natural fraction of the element's atoms."""

    name: str
    element: str
    mass_number: int
    abundance: float
    spin: float
    gyromagnetic_ratio_rad_per_s_per_t: float

    @property
    def g_factor(self) -> float:
        """Nuclear g factor g_N = gamma hbar / mu_N (dimensionless)."""
        return self.gyromagnetic_ratio_rad_per_s_per_t / NUCLEAR_MAGNETON_OVER_HBAR_RAD_PER_S_PER_T

    @property
    def natural_abundance(self) -> Quantity:
        """The natural abundance with uncertainty (last digit tabulated) and source."""
        return Quantity(self.abundance, "fraction", 1e-4, SOURCE)


# element, mass number, natural abundance in %, spin, gamma in 1e7 rad/(s T)
_ROWS: tuple[tuple[str, int, float, float, float], ...] = (
    ("H", 1, 99.9885, 0.5, 26.7522128),
    ("C", 13, 1.07, 0.5, 6.728284),
    ("O", 17, 0.038, 2.5, -3.62808),
    ("P", 31, 100.0, 0.5, 10.8394),
    ("S", 33, 0.76, 1.5, 2.055685),
    ("Cl", 35, 75.78, 1.5, 2.624198),
    ("Cl", 37, 24.22, 1.5, 2.184368),
    ("Zn", 67, 4.10, 2.5, 1.676688),
    ("Se", 77, 7.63, 0.5, 5.1253857),
    ("Br", 79, 50.69, 1.5, 6.725616),
    ("Br", 81, 49.31, 1.5, 7.249776),
    ("Y", 89, 100.0, 0.5, -1.3162791),
    ("Cd", 111, 12.80, 0.5, -5.6983131),
    ("Cd", 113, 12.22, 0.5, -5.9609155),
    ("In", 113, 4.29, 4.5, 5.8845),
    ("In", 115, 95.71, 4.5, 5.8972),
    ("Te", 123, 0.89, 0.5, -7.059098),
    ("Te", 125, 7.07, 0.5, -8.5108404),
    ("I", 127, 100.0, 2.5, 5.389573),
    ("Cs", 133, 100.0, 3.5, 3.5332539),
    ("La", 138, 0.09, 5.0, 3.557239),
    ("La", 139, 99.91, 3.5, 3.8083318),
    ("Gd", 155, 14.80, 1.5, -0.82132),
    ("Gd", 157, 15.65, 1.5, -1.0769),
    ("Pb", 207, 22.1, 0.5, 5.58046),
)


def _isotope(element: str, mass_number: int, percent: float, spin: float, gamma: float) -> Isotope:
    return Isotope(f"{mass_number}{element}", element, mass_number, percent / 100, spin, gamma * 1e7)


ISOTOPES: tuple[Isotope, ...] = tuple(_isotope(*row) for row in _ROWS)
"""Every isotope with a spin of the elements the hosts and their ligands are made of."""


def spin_isotopes(element: str) -> tuple[Isotope, ...]:
    """Isotopes of an element that carry a nuclear spin, lightest first; ValueError for an element not in the table."""
    found = tuple(isotope for isotope in ISOTOPES if isotope.element == element)
    if not found:
        known = ", ".join(sorted({isotope.element for isotope in ISOTOPES}))
        raise ValueError(f"element {element!r}: no isotopes tabulated (known: {known})")
    return found


def spin_free_fraction(element: str) -> float:
    """Natural fraction of the element's atoms without nuclear spin (0 where every stable isotope has one)."""
    # 1.5e-3: the tabulated percentages of one element add to 100 only within their rounding.
    rest = 1.0 - sum(isotope.abundance for isotope in spin_isotopes(element))
    return rest if rest > 1.5e-3 else 0.0
