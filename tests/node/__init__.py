"""Programs in JavaScript, written with the vendors' own SDKs, recorded and replayed through ``replay proxy``.

``make matrix-node`` installs the SDKs from npm and prints the table; ``make test`` runs one program where they are.
"""
