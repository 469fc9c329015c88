"""The legend as a line of text above the plot, where it hides no data."""

from html import escape

from analysis.views import Curve

MOST_ENTRIES = 12
_SIGNS = {"points": "●", "line": "—", "steps": "▬", "fit": "—"}


def legend_html(curves: tuple[Curve, ...], colours: list[str]) -> str:
    """Rich text: of each curve its sign in its colour and its label; "" for a single curve."""
    if len(curves) < 2:
        return ""
    entries = [
        f"<span style='color:{colour}'><b>{_SIGNS[curve.kind]}</b></span>&nbsp;{_unbroken(curve.label)}"
        for curve, colour in list(zip(curves, colours, strict=True))[:MOST_ENTRIES]
    ]
    if len(curves) > MOST_ENTRIES:
        entries.append(f"and {len(curves) - MOST_ENTRIES} more")
    return "&nbsp;&nbsp; ".join(entries)


def _unbroken(label: str) -> str:
    return escape(label).replace(" ", "&nbsp;")
