"""Photons one by one: quantum-jump streams with the memory of the dopant's spin, and the detectors that see them."""
