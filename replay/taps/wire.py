"""Bodies that ``http.client`` reads: kept while they are read, or read again from a cassette.

``urllib.request`` and ``urllib3`` (so ``requests`` and ``boto3``) both read a response through the file object
``http.client.HTTPResponse.fp``. Ours takes its place, so that everything above it (clipping to the length, chunked
framing, decompression, timeouts, the library's own errors) is the library's own code, live and on replay alike.

What counts as one chunk: with chunked transfer encoding one HTTP chunk, or the part of it that the program was given
before the rest had come; otherwise what one read of the socket brought. A last chunk that is empty means that the
connection broke before the end of the HTTP chunk before it.
"""

from __future__ import annotations

import http.client
import io
import json
from typing import Any, Final, Literal

from replay.events import Answer, Chunk, End, Failure, Head, Headers
from replay.taps import boundary
from replay.taps.boundary import Call
from replay.taps.failures import SYSTEM, Failures

READ_SIZE: Final = 65_536
"""Bytes asked of the socket at a time."""

CUT_SHORT: Final = "http.client.IncompleteRead"
"""The failure of a body that ended before its framing said so, or whose framing makes no sense. Its arguments: what
the wire said after the last byte of body, and how many bytes of body were still missing."""

ERRORS: Final = Failures(SYSTEM, base=ConnectionError)

State = Literal["size", "data", "crlf", "trailer", "raw", "done"]


def record_body(call: Call, response: http.client.HTTPResponse) -> None:
    """From here on every read of ``response`` is delivered to ``call``. Nothing is read yet."""
    _read_through(response, _LiveFile(call, response, response.fp))


def serve(call: Call, answer: Answer, method: str) -> http.client.HTTPResponse:
    """The recorded answer as a response of ``http.client``, its head delivered. ``answer`` has a head."""
    assert answer.head is not None
    call.deliver(answer.head)
    response = http.client.HTTPResponse(_Socket(_head_bytes(answer, method)), method=method)  # type: ignore[arg-type]
    response.begin()
    recorded = answer.head.header("content-length")
    if recorded is not None and response.headers["content-length"] != recorded:
        response.headers.replace_header("content-length", recorded)
    _read_through(response, _ServedFile(call, response, answer))
    return response


def misstates_length(response: http.client.HTTPResponse) -> bool:
    """Whether a served response, of which nothing has been read, says another length than its body has.

    A recording of another tool may: it kept the body unpacked, or written anew, beside the length that it came with.
    """
    said = response.headers["content-length"]
    return said is not None and response.length is not None and said != str(response.length)


def head(response: http.client.HTTPResponse) -> Head:
    version = "HTTP/1.0" if response.version == 10 else "HTTP/1.1"
    return Head(response.status, response.reason, version, tuple(response.headers.items()))


def body_bytes(body: Any) -> tuple[bytes, Any]:
    """The bytes of a request body of any accepted shape, and a body of like framing that can still be sent."""
    if body is None:
        return b"", None
    if isinstance(body, str):
        return body.encode(), body
    if isinstance(body, (bytes, bytearray, memoryview)):
        return bytes(body), body
    if hasattr(body, "read"):
        data = _bytes(body.read())
        return data, io.BytesIO(data)
    data = b"".join([_bytes(piece) for piece in body])
    return data, (data,)


def header_items(headers: Any) -> Headers:
    """Header fields of any mapping, repeated names kept, as text."""
    return tuple([(_text(name), _text(value)) for name, value in (headers or {}).items()])


class _File:
    """The buffered file that ``http.client`` reads a body from, and a watch on how far the framing has come.

    ``announced`` counts the bytes at the front of the buffer that have been delivered already, ``framing`` is what was
    handed on since the last byte of body, ``stride`` the size of the last read within this HTTP chunk.
    """

    def __init__(self, call: Call, response: http.client.HTTPResponse) -> None:
        self.call = call
        self.buffer = bytearray()
        self.announced = 0
        self.eof = False
        self.ended = False
        self.closed = False
        self.state: State = "size" if response.chunked else "raw"
        self.left: int | None = None if response.chunked else response.length
        self.framing = bytearray()
        self.stride = 0

    def more(self) -> bytes:
        """The next bytes of the wire, b"" at its end."""
        raise NotImplementedError

    def announce(self, size: int) -> None:
        """The first ``size`` buffered bytes of body are about to be handed on."""

    def cut_short(self) -> End:
        """How the answer ends whose wire ended before its framing did."""
        raise NotImplementedError

    # What http.client and urllib3 call.

    def read(self, size: int | None = -1) -> bytes:
        if size is None or size < 0:
            while self._fill():
                pass
            return self._hand(len(self.buffer))
        while len(self.buffer) < size and self._fill():
            pass
        return self._hand(size)

    def read1(self, size: int = -1) -> bytes:
        if not self.buffer:
            self._fill()
        return self._hand(len(self.buffer) if size < 0 else size)

    def readinto(self, into: Any) -> int:
        data = self.read(len(into))
        into[: len(data)] = data
        return len(data)

    def readline(self, limit: int = -1) -> bytes:
        searched = 0
        while (end := self.buffer.find(b"\n", searched)) < 0:
            searched = len(self.buffer)
            if 0 <= limit <= searched or not self._fill():
                break
        size = end + 1 or len(self.buffer)
        return self._hand(size if limit < 0 else min(size, limit))

    def peek(self, size: int = 0) -> bytes:
        if not self.buffer:
            self._fill()
        seen = len(self.buffer) if self.left is None else min(self.left, len(self.buffer))
        self.announce(seen)
        self._end_of_wire()
        return bytes(self.buffer[:seen])

    def readable(self) -> bool:
        return True

    def flush(self) -> None:
        """A file to read from has nothing to flush; ``http.client`` calls it all the same."""

    def fileno(self) -> int:
        raise io.UnsupportedOperation("a recorded answer has no file descriptor")

    def close(self) -> None:
        self.closed = True
        self.end(End("closed"))

    # What we do with it.

    def end(self, end: End) -> None:
        if not self.ended:
            self.ended = True
            self.call.deliver(end)

    def _fill(self) -> bool:
        if self.eof or self.state == "done" or (self.state == "raw" and self.left == len(self.buffer)):
            return False
        data = self.more()
        self.buffer += data
        self.eof = not data
        return not self.eof

    def _hand(self, size: int) -> bytes:
        size = min(size, len(self.buffer))
        if self.state == "data" and self.left is not None:
            size = min(size, self.left)
        if size and self.state in ("data", "raw"):
            self.announce(size)
        data = bytes(self.buffer[:size])
        del self.buffer[:size]
        self.announced = max(0, self.announced - size)
        if data:
            self._advance(data)
        self._end_of_wire()
        return data

    def _end_of_wire(self) -> None:
        """Without any framing the body ends where the connection does."""
        if self.eof and not self.buffer:
            whole = self.state in ("trailer", "done") or (self.state == "raw" and self.left is None)
            self.end(End() if whole else self.cut_short())

    def _advance(self, data: bytes) -> None:
        """Follow the framing. The readers above ask for a size line, a chunk, its line end and a trailer one by one."""
        self.framing += data if self.state in ("size", "crlf") else b""
        match self.state:
            case "raw" if self.left is not None:
                self.left -= len(data)
                if self.left == 0:
                    self._done()
            case "size":
                self._size_line(data)
            case "data":
                assert self.left is not None
                self.framing.clear()
                self.left -= len(data)
                if self.left == 0:
                    self.state = "crlf"
            case "crlf" if data.endswith(b"\n"):
                self.state, self.left = "size", None
            case "trailer" if data in (b"\r\n", b"\n"):
                self._done()

    def _size_line(self, line: bytes) -> None:
        try:
            size = int(line.split(b";", 1)[0], 16)
        except ValueError:
            self.end(self.cut_short())
            return
        self.state, self.left = ("data", size) if size > 0 else ("trailer", None)
        self.stride = 0

    def _done(self) -> None:
        self.state = "done"
        self.end(End())


class _LiveFile(_File):
    """The real body: what arrives is delivered before it is handed on."""

    def __init__(self, call: Call, response: http.client.HTTPResponse, real: Any) -> None:
        super().__init__(call, response)
        self.real = real

    def more(self) -> bytes:
        try:
            with boundary.inside():
                data: bytes = self.real.read1(READ_SIZE)
        except BaseException as error:
            if self.state == "crlf" and not self.ended:
                self._deliver(b"")
            self.end(ERRORS.end(error, started=True))
            raise
        if data and self.state == "raw":
            self._deliver(data)
            self.announced += len(data)
        return data

    def announce(self, size: int) -> None:
        """Deliver a whole HTTP chunk if it is there, else this read, else (in steady reading) all such reads to come.

        A recorded boundary then never lies within one read of the program, whatever size it reads in, and a program
        that reads byte by byte does not make one chunk of each.
        """
        if self.left is None or self.state != "data":
            return
        is_steady, self.stride = size == self.stride, size
        if size <= self.announced:
            return
        come = len(self.buffer)
        partly = come - come % size if is_steady else size
        upto = self.left if come >= self.left else partly
        self._deliver(bytes(self.buffer[self.announced : upto]))
        self.announced = upto

    def cut_short(self) -> End:
        missing = self.left or 0
        state = json.dumps([self.framing.decode("latin-1"), missing]).encode()
        return End("broken", Failure(CUT_SHORT, f"the body ended early, {missing} bytes more expected", state))

    def fileno(self) -> int:
        number: int = self.real.fileno()
        return number

    def close(self) -> None:
        try:
            super().close()
        finally:
            with boundary.inside():
                self.real.close()

    def _deliver(self, data: bytes) -> None:
        self.call.deliver(Chunk(data))


class _ServedFile(_File):
    """The recorded body, put back into the framing its head speaks of."""

    def __init__(self, call: Call, response: http.client.HTTPResponse, answer: Answer) -> None:
        super().__init__(call, response)
        self.answer = answer
        self.chunked = bool(response.chunked)
        self.position = 0
        self.is_cut = answer.failure is not None and answer.failure.name == CUT_SHORT
        self.rest, self.missing = self._rest()

    def more(self) -> bytes:
        while self.position < len(self.answer.chunks):
            chunk = self.answer.chunks[self.position]
            self.position += 1
            self.call.deliver(chunk)
            if chunk.data:
                return self._framed(chunk.data)
        failure = self.answer.failure
        if failure is not None and not self.is_cut:
            self.end(End("broken", failure))
            raise ERRORS.build(failure)
        rest, self.rest = self.rest, b""
        return rest

    def cut_short(self) -> End:
        end = self.answer.end
        return end if end is not None and end.ending == "broken" else End()

    def _framed(self, data: bytes) -> bytes:
        if not self.chunked:
            return data
        to_come = [chunk.data for chunk in self.answer.chunks[self.position : self.position + 2]]
        if to_come == [b""]:
            return b"%x\r\n%b" % (len(data), data)
        if to_come or not self.is_cut:
            return b"%x\r\n%b\r\n" % (len(data), data)
        rest, self.rest = self.rest, b""
        missing = 0 if rest else self.missing
        return b"%x\r\n%b%b" % (len(data) + missing, data, rest)

    def _rest(self) -> tuple[bytes, int]:
        """What the wire says after the last chunk's data, and the bytes of body that its framing then misses."""
        failure = self.answer.failure
        if not self.chunked:
            return b"", 0
        if failure is None or not self.is_cut:
            return b"0\r\n\r\n", 0
        match ERRORS.arguments(failure):
            case [str(rest), int(missing)] if missing >= 0:
                return rest.encode("latin-1", "replace"), missing
        return b"", 0


class _Socket:
    """As much of a socket as ``http.client.HTTPResponse`` looks at."""

    def __init__(self, data: bytes) -> None:
        self.data = data

    def makefile(self, mode: str) -> io.BytesIO:
        return io.BytesIO(self.data)


def _read_through(response: http.client.HTTPResponse, file: _File) -> None:
    response.fp = file  # type: ignore[assignment]
    if response.length == 0:
        file.state = "done"
        file.end(End())


def _head_bytes(answer: Answer, method: str) -> bytes:
    assert answer.head is not None
    version = "HTTP/1.0" if answer.head.http_version == "HTTP/1.0" else "HTTP/1.1"
    lines = [f"{version} {answer.head.status} {answer.head.reason}"]
    lines += [f"{name}: {value}" for name, value in _true_length(answer, method)]
    text = "\r\n".join([" ".join(line.splitlines()) for line in lines])
    return text.encode("latin-1", "replace") + b"\r\n\r\n"


def _true_length(answer: Answer, method: str) -> Headers:
    """The head's fields for the framing, the length that of the body to come: an imported head may say another."""
    assert answer.head is not None
    size = sum(len(chunk.data) for chunk in answer.chunks)
    whole = answer.end is not None and answer.end.ending == "complete"
    if not size or not whole or method == "HEAD":
        return answer.head.headers
    return tuple(
        [(name, str(size) if name.lower() == "content-length" else value) for name, value in answer.head.headers]
    )


def _bytes(data: Any) -> bytes:
    return data.encode() if isinstance(data, str) else bytes(data)


def _text(value: Any) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)
