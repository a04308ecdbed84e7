"""Speed beside peers, as ratios: ``python -m tests.bench``, or ``make bench``."""
