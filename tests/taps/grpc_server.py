"""A gRPC server in a process of its own, its messages JSON: ``python -m tests.taps.grpc_server`` prints its port."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc

SERVICE = "/shop.Shop/"


def dumps(value: Any) -> bytes:
    return json.dumps(value).encode()


loads: Callable[[bytes], Any] = json.loads


def _answered(request: Any, context: Any) -> Any:
    context.send_initial_metadata((("x-first", "1"), ("x-raw-bin", b"\x00\xff")))
    asked = dict(context.invocation_metadata())
    context.set_trailing_metadata((("x-last", "2"), ("x-last", "3")))
    match request:
        case {"fail": code}:
            context.abort(getattr(grpc.StatusCode, code), f"it\nis {code}")
        case {"wait": seconds}:
            threading.Event().wait(seconds)
    return {"said": request, "by": asked.get("x-own", "")}


def _counted(request: Any, context: Any) -> Iterator[Any]:
    context.send_initial_metadata((("x-first", "1"),))
    for number in range(request["upto"]):
        yield {"number": number}
    if request.get("fail"):
        context.set_trailing_metadata((("x-last", "2"),))
        context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, "no more")


def _summed(requests: Iterator[Any], context: Any) -> Any:
    return {"sum": sum(request["number"] for request in requests)}


def _echoed(requests: Iterator[Any], context: Any) -> Iterator[Any]:
    context.send_initial_metadata((("x-first", "1"),))
    for request in requests:
        if request == "enough":
            context.abort(grpc.StatusCode.OUT_OF_RANGE, "enough")
        yield {"echo": request}


def _handlers() -> dict[str, Any]:
    plain = {"request_deserializer": loads, "response_serializer": dumps}
    return {
        "Answer": grpc.unary_unary_rpc_method_handler(_answered, **plain),
        "Count": grpc.unary_stream_rpc_method_handler(_counted, **plain),
        "Sum": grpc.stream_unary_rpc_method_handler(_summed, **plain),
        "Echo": grpc.stream_stream_rpc_method_handler(_echoed, **plain),
    }


def _serve() -> None:
    server = grpc.server(ThreadPoolExecutor(16))
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("shop.Shop", _handlers()),))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(port, flush=True)
    server.wait_for_termination()


if __name__ == "__main__":
    _serve()
