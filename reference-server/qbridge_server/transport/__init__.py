"""The transport: takes acceptances and results back to the caller's connection.

It takes entries and results as the buffer settles them; it gives frames to the door that holds the connection.
Today every result travels inside its frame. It knows nothing of doors, wires or backends.
"""

from qbridge_server.transport.frames import FrameTransport

__all__ = ["FrameTransport"]
