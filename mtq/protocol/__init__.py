"""POP3 in memory: bytes in, bytes out, and a short list of what only the world outside can do.

Nothing here knows a socket, a file, a clock or an event loop (a contract in CI holds it to that), so each
rule of the RFCs is tested by a plain call. `session` is the door; the other modules are its furniture.
"""
