"""``pytest --replay-vcr``: suites written for pytest-recording or pytest-vcr run unchanged, their YAML played by us.

What matches what is vcrpy's own code, with the suite's own configuration; the taps of replay serve it.
"""
