"""A loopback reverse proxy that records and plays by base URL, for programs in any language.

The program is told, by the variables that its SDKs read, to ask the proxy in place of its services. What it asks
crosses the same boundary as the calls of a Python program, so cassettes, swaps, policies and diffs are the same.
"""
