"""Faults on demand: what goes wrong on wires and benches, by schedule or by seed, from a YAML file."""
