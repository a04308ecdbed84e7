"""``python -m replay.testing serve``: the model and tool server in the foreground."""

from __future__ import annotations

import argparse
import sys

from replay.errors import UsageError
from replay.testing.extra import require_server
from replay.testing.local import DEFAULT_PORT
from replay.testing.service import Service


def main() -> int:
    asked = _parser().parse_args()
    low, high = asked.latency
    try:
        require_server()
        from replay.testing.serve import serve

        serve(Service(asked.seed, (low, high)), asked.port, until_eof=asked.until_eof)
    except UsageError as error:
        print(f"replay: error: {error}\nhint: {error.hint}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m replay.testing", description=__doc__)
    serve = parser.add_subparsers(required=True, metavar="serve").add_parser("serve", help="serve on 127.0.0.1")
    serve.add_argument("--port", type=int, default=DEFAULT_PORT, help="0 picks a free one (default: %(default)s)")
    serve.add_argument("--seed", type=int, help="the same answers at every start")
    serve.add_argument("--latency", type=float, nargs=2, default=(0.0, 0.02), metavar=("MIN", "MAX"), help="seconds")
    serve.add_argument("--until-eof", action="store_true", help="end when stdin does")
    return parser


if __name__ == "__main__":
    sys.exit(main())
