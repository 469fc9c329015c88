"""How long the dopant's spin keeps its phase: noise, nuclear baths, surface spins, phonons. Nothing of the optics."""
