"""How the states of one dot move in time: master equation, pulse sequences, pumping, resonance, switching."""
