"""Views small enough to be sent several times a second: what is too long loses points, no peaks, and says so."""

from collections.abc import Sequence
from dataclasses import replace

from analysis.view_decimation import decimated
from analysis.views import View

MOST_NUMBERS = 120_000
"""Numbers in one message of views: 1.3 MB as base64."""
MOST_POINTS = 20_000
MOST_PIXELS = 300
"""Of a curve, and along each side of an image, before anything is made smaller still."""


def thin(views: Sequence[View], most_numbers: int = MOST_NUMBERS) -> tuple[View, ...]:
    """The same views with at most ``most_numbers`` numbers in all: lowest and highest points of each stretch."""
    thinned, points, pixels = tuple(views), MOST_POINTS, MOST_PIXELS
    while sum(map(numbers_in, thinned)) > most_numbers and points > 2:
        thinned = tuple(_smaller(view, points, pixels) for view in views)
        points, pixels = points // 2, max(pixels * 2 // 3, 1)
    return thinned


def numbers_in(view: View) -> int:
    """How many numbers are sent for ``view``."""
    curves = sum(
        each.size
        for curve in view.curves
        for each in (curve.x, curve.y, curve.y_error, curve.y_error_low)
        if each is not None
    )
    image = view.image
    return curves if image is None else curves + image.values.size + image.x.size + image.y.size


def _smaller(view: View, points: int, pixels: int) -> View:
    thinned = decimated(view, points, pixels)
    if numbers_in(thinned) == numbers_in(view):
        return view
    remark = f"drawn with at most {points} points a curve" if view.curves else f"averaged to {pixels} pixels a side"
    return replace(thinned, remark=f"{view.remark}; {remark}" if view.remark else remark)
