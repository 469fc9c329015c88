"""Experiments: what is done, in which order. Use roles, fits and the run file; never a driver or a simulator."""
