"""Replacing one component of a run and keeping everything else frozen."""
