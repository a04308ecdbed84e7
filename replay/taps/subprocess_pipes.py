"""The pipes of a process that the program reads and writes: what passes is told in turn."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

from replay.events import End
from replay.taps import boundary, outside
from replay.taps.process import Told, failed, rebuilt


class Pipe(io.RawIOBase):
    """Stands in for the unbuffered end ``real`` of a pipe. On replay nothing is behind that one."""

    def __init__(self, told: Told, real: io.RawIOBase) -> None:
        self.told = told
        self.real = real

    def fileno(self) -> int:
        return self.real.fileno()

    def close(self) -> None:
        self.real.close()
        super().close()


class Source(Pipe):
    """An output of the process. ``tag``: which; ``before_reading`` is called before each read of a real one."""

    def __init__(self, told: Told, real: io.RawIOBase, tag: bytes, before_reading: Callable[[], None]) -> None:
        super().__init__(told, real)
        self.tag = tag
        self.rest = b""
        self.before_reading = before_reading

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        if boundary.is_inside():
            return self.real.readinto(buffer)
        with memoryview(buffer).cast("B") as view:
            if self.told.is_served:
                data = self._served()
            elif self.told.joined:
                data = self._read_again(len(view))
            else:
                data = self._read(len(view))
            view[: len(data)] = data[: len(view)]
            self.rest = data[len(view) :]
            return min(len(data), len(view))

    def _served(self) -> bytes:
        if self.rest:
            return self.rest
        chunk = self.told.take(self.tag)
        if chunk is None:
            return b""
        self.told.call.deliver(chunk)
        return chunk.data[1:]

    def _read(self, size: int) -> bytes:
        data = self._really(size)
        self.before_reading()
        self.told.tell(self.tag, data)
        return data

    def _read_again(self, size: int) -> bytes:
        """From a process that runs again: as much at a time as was read in the recording, if it is there."""
        if self.rest:
            return self.rest
        recorded = self.told.recorded_size(self.tag)
        data = self._really(recorded or size)
        while data and recorded and len(data) < recorded and (more := self._really(recorded - len(data))):
            data += more
        self.told.tell(self.tag, data)
        return data

    def _really(self, size: int) -> bytes:
        with outside.waiting():
            return self.real.read(size) or b""


class Sink(Pipe):
    """The standard input of the process. Each write is a request."""

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        if boundary.is_inside():
            return self.real.write(data) or 0
        sent = bytes(data)
        call = self.told.writes(sent)
        end = call.served.end if call.served is not None else None
        if self.told.is_served:
            call.deliver(end or End())
            if end is not None and end.failure is not None:
                raise rebuilt(end.failure)
            return len(sent)
        return self._really(sent, call)

    def _really(self, sent: bytes, call: boundary.Call) -> int:
        try:
            with outside.waiting():
                self.real.write(sent)
        except OSError as error:
            call.deliver(failed(error))
            raise
        call.deliver(End())
        return len(sent)


def standing_in(file: Any, make: Callable[[io.RawIOBase], Pipe]) -> Any:
    """``file``, as ``subprocess`` opened it (raw, buffered or as text), over a pipe of ours."""
    if isinstance(file, io.TextIOWrapper):
        encoding, errors = file.encoding, file.errors
        by_line, through = file.line_buffering, file.write_through
        below = standing_in(file.detach(), make)
        return io.TextIOWrapper(below, encoding, errors, line_buffering=by_line, write_through=through)
    if isinstance(file, io.BufferedReader):
        return io.BufferedReader(make(file.detach()))
    if isinstance(file, io.BufferedWriter):
        return io.BufferedWriter(make(file.detach()))
    return make(file)
