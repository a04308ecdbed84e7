"""Run, in any version of Python, by an interpreter that our compiled dependencies were not built for.

It leaves word in the report directory, which the command line turns into an error. The program's first process does
not run at all then. A child process of a recording does: a tool in another Python is the program's business, and the
recording says what it missed. In a replay it does not, for its calls would reach the world.
"""

import json
import os
import sys

plan = json.loads(os.environ["REPLAY_PLAN"])
may_run = plan["mode"] == "record" and plan["lineage"] != "0"
word = {
    "python": sys.executable,
    "version": ".".join([str(number) for number in sys.version_info[:3]]),
    "ran": may_run,
}
with open(os.path.join(plan["report"], str(os.getpid()) + ".refused"), "w") as file:
    json.dump(word, file)
if not may_run:
    os._exit(2)
