"""Envelope functions of electron and hole: spheres, shells, graded interfaces, Coulomb energy."""
