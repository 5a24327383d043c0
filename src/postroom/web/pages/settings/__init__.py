"""Settings: what administrators set up, and the profile that everybody has."""
