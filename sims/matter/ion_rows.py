"""Rows of the ion table that depend on the host. None means: nothing entered (see dopants.py for what is then used).

"remembered" marks a number written down from memory of the literature and not looked up again: trust it to the
uncertainty given, and replace it by your own reading.
"""

from dataclasses import dataclass

from sims.matter.quantity import Quantity

WAVENUMBER_UEV = 123.984198
"""1/cm in micro-eV."""


@dataclass(frozen=True)
class HostRow:
    """What is known of one ion in one host."""

    g_factor: Quantity | None = None
    hyperfine_uev: Quantity | None = None
    zero_field_d_uev: Quantity | None = None
    zero_field_e_uev: Quantity | None = None
    cubic_a_uev: Quantity | None = None
    n0_alpha_mev: Quantity | None = None
    n0_beta_mev: Quantity | None = None


def _wavenumber(value_1e4: float, uncertainty_1e4: float, source: str) -> Quantity:
    """Entry in ueV from the literature's unit, 1e-4/cm."""
    scale = 1e-4 * WAVENUMBER_UEV
    return Quantity(value_1e4 * scale, "ueV", uncertainty_1e4 * scale, source)


def _g(value: float, uncertainty: float, source: str) -> Quantity:
    return Quantity(value, "1", uncertainty, source)


def _mev(value: float, uncertainty: float, source: str) -> Quantity:
    return Quantity(value, "meV", uncertainty, source)


_CORE = "A < 0 by core polarisation"
_MAC = "Mac et al., PRL 77, 635 (1996), remembered"

ROWS_IN_HOST: dict[tuple[str, str], HostRow] = {
    ("Mn", "ZnS"): HostRow(
        g_factor=_g(2.0064, 0.002, "powder resonance of 5 nm ZnS:Mn dots (2.0064-2.0066)"),
        hyperfine_uev=_wavenumber(-64.1, 0.3, f"ZnS:Mn dots, |A| = 63.9-64.4; {_CORE}"),
        cubic_a_uev=_wavenumber(7.9, 1.0, "remembered"),
    ),
    ("Mn", "ZnSe"): HostRow(
        g_factor=_g(2.0055, 0.002, "remembered"),
        hyperfine_uev=_wavenumber(-60.4, 1.5, f"ZnSe dots, |A| = 60.4; {_CORE}"),
        cubic_a_uev=_wavenumber(19.7, 1.0, "remembered"),
    ),
    ("Mn", "ZnTe"): HostRow(hyperfine_uev=_wavenumber(-56.0, 2.0, f"remembered; {_CORE}")),
    ("Mn", "CdS"): HostRow(
        g_factor=_g(2.003, 0.002, "textbook value"),
        hyperfine_uev=_wavenumber(-65.0, 1.0, f"textbook value; at the surface of dots |A| = 90 (9.6 mT); {_CORE}"),
    ),
    ("Mn", "CdSe"): HostRow(
        g_factor=_g(2.003, 0.002, "textbook value"),
        hyperfine_uev=_wavenumber(-62.2, 0.5, f"textbook value, core of the dot; {_CORE}"),
    ),
    ("Mn", "CdTe"): HostRow(
        g_factor=_g(2.010, 0.003, "Lambe and Kikuchi, Phys. Rev. 119, 1256 (1960)"),
        hyperfine_uev=_wavenumber(
            -55.0, 2.0, f"Lambe and Kikuchi, Phys. Rev. 119, 1256 (1960): 55; others 57; {_CORE}"
        ),
        cubic_a_uev=_wavenumber(28.0, 2.0, "Lambe and Kikuchi, Phys. Rev. 119, 1256 (1960): 3a = 84"),
    ),
    ("Co", "ZnS"): HostRow(g_factor=_g(2.248, 0.01, "Ham et al., PRL 5, 468 (1960), remembered")),
    ("Co", "ZnSe"): HostRow(
        g_factor=_g(2.27, 0.01, "Ham et al., PRL 5, 468 (1960), remembered"),
        n0_alpha_mev=_mev(250.0, 50.0, "assumed as for Mn"),
        n0_beta_mev=_mev(-2170.0, 300.0, "from N0(alpha - beta) = 2.42 eV, remembered"),
    ),
    ("Co", "CdTe"): HostRow(
        g_factor=_g(2.31, 0.01, "Ham et al., PRL 5, 468 (1960), remembered"),
        hyperfine_uev=_wavenumber(23.0, 5.0, "Ham et al., PRL 5, 468 (1960), remembered; sign not known"),
    ),
    ("Co", "CdSe"): HostRow(
        g_factor=_g(2.29, 0.02, "remembered"),
        n0_alpha_mev=_mev(280.0, 30.0, "remembered"),
        n0_beta_mev=_mev(-1900.0, 100.0, "textbook value"),
    ),
    ("Cr", "ZnS"): HostRow(n0_alpha_mev=_mev(200.0, 60.0, "assumed as for Mn"), n0_beta_mev=_mev(620.0, 200.0, _MAC)),
    ("Cr", "ZnSe"): HostRow(n0_alpha_mev=_mev(200.0, 60.0, "assumed as for Mn"), n0_beta_mev=_mev(850.0, 250.0, _MAC)),
    ("Cr", "CdTe"): HostRow(
        zero_field_d_uev=Quantity(2000.0, "ueV", 1000.0, "strained CdTe/ZnTe dots: 1-3 meV"),
        zero_field_e_uev=Quantity(0.0, "ueV", 300.0, "strained CdTe/ZnTe dots: below 300"),
    ),
    ("Fe", "ZnS"): HostRow(g_factor=_g(2.0194, 0.002, "remembered"), cubic_a_uev=_wavenumber(127.4, 5.0, "remembered")),
    ("Fe", "InP"): HostRow(
        g_factor=_g(2.02, 0.005, "textbook value"), cubic_a_uev=_wavenumber(220.0, 10.0, "textbook value")
    ),
    ("Er", "InP"): HostRow(g_factor=_g(6.0, 0.1, "Gamma6 doublet; textbook value, measured 5.95")),
}
