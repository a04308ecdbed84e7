"""Cassettes as regression tests: what the pytest plugin stands on, without any pytest in it.

A test marked ``replay`` has one *case* for each of its cassettes. What is done with it is decided by the record mode
(:mod:`modes`), done and judged (:mod:`case`, :mod:`verdict`), and told (:mod:`section`, :mod:`summary`, :mod:`html`).
"""
