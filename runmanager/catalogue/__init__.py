"""The catalogue: what a folder of measurements holds, found again in a moment. No Qt here."""
