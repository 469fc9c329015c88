"""Detectors by name.

Widths, tails, dead times, peak efficiencies: fits to measured responses of commercial modules (Excelitas at 656 nm, MPD
at 552 nm) and the range reported for superconducting nanowires. Assumed, because the fits do not give them: the
share of the clicks in the tail (0.3), dark counts of the MPD (50 Hz) and of the nanowire (100 Hz), dead time of the
nanowire (20 ns). The afterpulse probability was measured on the Excelitas type and is used for the MPD too.
"""

from sims.photons.spads import Spad

EXCELITAS = Spad("Excelitas (656 nm)", 0.70, 250.0, 24_000, 151.0, 459.0, 0.3, 0.0171)
MPD = Spad("MPD (552 nm)", 0.42, 50.0, 77_000, 37.0, 22.0, 0.3, 0.0171)
NANOWIRE = Spad("superconducting nanowire", 0.87, 100.0, 20_000, 17.0)
IDEAL = Spad("ideal", 1.0, 0.0, 0, 0.0)
PRESETS = {"excelitas": EXCELITAS, "mpd": MPD, "nanowire": NANOWIRE, "ideal": IDEAL}
