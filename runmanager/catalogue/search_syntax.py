"""What can be typed into the search field; alone, because the command line shows it and must start at once."""

from typing import Final

HELP: Final = """\
sample:CdSe   procedure:esr   verdict:failed   status:aborted   file:night   kind:unreadable
date:2026-11-20   date:2026-11-20..   date:2026-10..2026-11   date:today
lifetime>10   g2_zero<0.5   lifetime>12ns   grating:300   lifetime:10..20   line:highest
duration>60 (the run's, s; or 10min)   seed:7   p.duration=60 (the parameter)   lifetime.stderr<0.1
words in any order; "several words"; -verdict:passed (not); all conditions must hold"""
"""The syntax on half a page, for tooltips and error messages."""
