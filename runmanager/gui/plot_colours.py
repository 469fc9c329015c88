"""Colours of curves and images: told apart by the colour-blind, the same meaning always in the same colour.

The seven hues are those of M. Okabe and K. Ito, "Color Universal Design" (2008). Each has at least 3 to 1 contrast on
the ground it is used on.
"""

import re

VERMILLION, BLUE = "#D55E00", "#0072B2"
SIGMA_PLUS, SIGMA_MINUS = VERMILLION, BLUE
"""σ⁺ and σ⁻, in every plot and on both grounds."""
_ON_LIGHT = (BLUE, VERMILLION, "#009E73", "#CC79A7", "#8A6D00", "#3B7EA1", "#6B6B6B")
_ON_DARK = ("#56B4E9", "#E69F00", "#009E73", "#CC79A7", "#F0E442", VERMILLION, "#B5B5B5")
_BESIDE_SIGMA_ON_LIGHT = ("#009E73", "#CC79A7", "#8A6D00", "#6B6B6B")
_BESIDE_SIGMA_ON_DARK = ("#009E73", "#CC79A7", "#F0E442", "#B5B5B5")
"""Hues that nobody takes for σ⁺ or σ⁻."""
COLOUR_MAP = "viridis"
"""Of images: its lightness rises evenly, so it reads in grey and with any colour vision."""

_PLUS = re.compile(r"σ[⁺+]|sigma[ -]?(\+|plus)", re.IGNORECASE)
_MINUS = re.compile(r"σ[⁻−-]|sigma[ -]?(−|minus)|sigma-(?!plus)", re.IGNORECASE)


def polarisation(label: str) -> str:
    """``"+"`` or ``"-"`` when a label speaks of σ⁺ or σ⁻ (and not of both), else ``""``."""
    plus, minus = bool(_PLUS.search(label)), bool(_MINUS.search(label))
    if plus == minus:
        return ""
    return "+" if plus else "-"


def curve_colours(labels: list[str], fits: list[bool], *, dark: bool, foreground: str) -> list[str]:
    """One colour a curve. σ⁺ and σ⁻ have theirs; a fit is drawn in ``foreground``; the others take turns.

    ``labels`` and ``fits`` (whether the curve is a model) in the order of the curves.
    """
    hues: tuple[str, ...] = _ON_DARK if dark else _ON_LIGHT
    if any(polarisation(label) for label in labels):
        hues = _BESIDE_SIGMA_ON_DARK if dark else _BESIDE_SIGMA_ON_LIGHT
    signed = {"+": SIGMA_PLUS, "-": SIGMA_MINUS}
    taken = 0
    colours = []
    for label, fit in zip(labels, fits, strict=True):
        if fit:
            colours.append(foreground)
        elif polarisation(label):
            colours.append(signed[polarisation(label)])
        else:
            colours.append(hues[taken % len(hues)])
            taken += 1
    return colours
