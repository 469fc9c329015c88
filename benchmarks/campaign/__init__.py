"""The fault campaign: seeded faults over all procedures, judged by what is true of the twin afterwards."""
