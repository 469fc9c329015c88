"""Physical constants and spin operators."""
