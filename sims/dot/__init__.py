"""One doped dot as formulas: no clock, no state, no hidden random numbers."""
