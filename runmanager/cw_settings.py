"""How a photon file under continuous light is evaluated: bins, and what is known of the detectors' response."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from runmanager.photon_wishes import PhotonWishes

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from analysis.g2_cw import JitterDifference
    from analysis.g2_cw_analysis import CwSettings
    from analysis.tag_files import ReadOptions

__all__ = ["Beginning", "cw_settings"]

_BIN_PS, _WIDEST_BIN_PS, _REACH_PS = 500, 5_000, 100_000


@dataclass(frozen=True)
class Beginning:
    """What is known of a file before its evaluation: photons per channel, times (ps) of its first photons."""

    counts: Mapping[int, int]
    times_ps: "npt.NDArray[np.int64]"


def cw_settings(path: Path, options: "ReadOptions | None", wishes: PhotonWishes, beginning: Beginning) -> "CwSettings":
    """Bins of whole steps of the recorder, and the detectors' response where one was given.

    AnalysisError for steps too coarse and a response that is none, BadInputError for what needs pulses.
    """
    from analysis.errors import AnalysisError
    from analysis.g2_cw_analysis import CwSettings
    from analysis.pulse_search import whole_steps_ps

    wishes.refuse_for_continuous_light(path)
    bin_ps = whole_steps_ps(beginning.times_ps, _BIN_PS)
    if bin_ps > _WIDEST_BIN_PS:
        raise AnalysisError(
            f"{path}: the file knows no laser pulses and its times come in steps of {bin_ps * 1e-3:.4g} ns, more "
            f"than the {_WIDEST_BIN_PS * 1e-3:.4g} ns that a g2 under continuous light allows; SPC files need their "
            "TAC window (--tac-window-ns)"
        )
    jitter = _jitter(options, wishes, beginning.counts)
    return CwSettings(jitter=jitter, bin_ps=bin_ps, reach_ps=_REACH_PS // bin_ps * bin_ps)


def _jitter(
    options: "ReadOptions | None", wishes: PhotonWishes, counts: Mapping[int, int]
) -> "JitterDifference | None":
    from analysis import cw_response
    from analysis.g2_cw_analysis import two_busiest
    from analysis.response_file import read_response

    if wishes.jitter_ps is not None:
        first, second = (cw_response.Width(sigma * 1e-3, tail * 1e-3) for sigma, tail in wishes.jitter_ps)
        return cw_response.of_widths(first, second)
    if wishes.response is None:
        return None
    response = read_response(wishes.response, options, wishes.response_bin_ps)
    return cw_response.of_response(response, two_busiest(counts), options, reach_ns=_REACH_PS * 1e-3)
