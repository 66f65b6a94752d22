"""Measurements: figures with the command that makes them, never a pass or fail."""
