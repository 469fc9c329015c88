"""Views of photons under continuous light: g2 against the delay with the three-level fit."""

import numpy as np

from analysis.g2_cw import correlate_cw, fit_cw, no_jitter
from analysis.live_time import live_time_s
from analysis.pulse_search import whole_steps_ps
from analysis.tags import PhotonRecord
from analysis.view_parts import attempt, poisson_bars
from analysis.view_photons import DELAY_LABEL
from analysis.views import Curve, View

_BIN_PS = 500
_WIDEST_BIN_PS = 10_000
_REACH_PS = 100_000


def build(record: PhotonRecord, *, with_fit: bool) -> tuple[View, ...]:
    """Coincidences of the two busiest channels over the level of light without memory; empty without two channels."""
    numbers, counts = np.unique(record.channel, return_counts=True)
    if numbers.size < 2 or not record.duration_s > 0:
        return ()
    bin_ps = whole_steps_ps(record.timestamps_ps[:1_000_000], _BIN_PS)
    if bin_ps > _WIDEST_BIN_PS:
        return ()
    chosen = sorted(int(number) for number in numbers[np.argsort(counts)[-2:]])
    first, second = (record.timestamps_ps[record.channel == number] for number in chosen)
    live_s = live_time_s(first, second, record.duration_s)
    data, _ = attempt(lambda: correlate_cw(first, second, live_s, bin_ps, _REACH_PS // bin_ps * bin_ps))
    if data is None:
        return ()
    upper, lower = poisson_bars(data.counts)
    level = data.poisson_level
    curves = [Curve("pairs", data.delay_ns, data.normalised, upper / level, "points", lower / level)]
    remark = ""
    if with_fit:
        fit, remark = attempt(lambda: fit_cw(data, no_jitter()))
        if fit is not None:
            label = f"g²(0) = {fit.g2_zero:.3g}, t = {fit.antibunching_ns:.3g} ± {fit.antibunching_stderr_ns:.1g} ns"
            curves.append(Curve(label, data.delay_ns, fit.expected / level, kind="fit"))
    title = "Coincidences under continuous light"
    return (View("coincidences", title, DELAY_LABEL, "g²(τ), background included", tuple(curves), remark=remark),)
