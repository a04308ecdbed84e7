"""Tools of agent frameworks, which nobody marked: one framework per file.

A tool that a framework calls is an event as one marked with ``@replay.tool`` is: served on replay, not run. A function
that is marked as well counts once, and so does one that asks an MCP server, whose answer is the event
(:mod:`replay.taps.mcp`). A tool that is an agent of its own runs: its model calls and its tools are the events.
"""
