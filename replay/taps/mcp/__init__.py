"""MCP clients: what a ``ClientSession`` asks its server, whatever the transport (``mcp`` 1 and 2).

Each request is an event of kind ``tool``: ``tools/call`` under the tool's own name, the others (``initialize``,
``tools/list``, ``resources/read``, ``prompts/get``, …) under their method, so that a changed tool set is a changed
answer of the step ``tools/list``. Progress and log messages that come meanwhile are parts of the answer. What the
client does for the server in the course of a request (sampling, elicitation) is inside it, and does not happen again
on replay. Messages that come while nothing is asked are not recorded.

On replay no server is started and none is connected to, until a request has to be made for real.
"""
