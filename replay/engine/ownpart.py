"""What of a cassette belongs to one process: each process of a run is served its own part."""

from __future__ import annotations

from collections.abc import Iterator

from replay.cassette import Reader


def in_process(address: str, root: str) -> bool:
    """Whether ``address`` belongs to the process whose main task is ``root``, and not to a child process of it."""
    return (address == root or address.startswith(f"{root}/")) and "/p" not in address[len(root) :]


def keys_of_process(source: Reader, root: str) -> Iterator[tuple[int, str, bytes]]:
    """Id, lineage and fingerprint of the events of the process whose main task is ``root``."""
    belongs: dict[str, bool] = {}
    keys = source.keys()
    for key in keys:
        address = key[1]
        if address not in belongs:
            belongs[address] = in_process(address, root)
        if belongs[address]:
            yield key
