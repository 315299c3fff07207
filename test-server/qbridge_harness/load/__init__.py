"""The generator of load: sends requests at given times, and measures each from the time at which it was due.

    times of arrival --OpenLoop--> Sender (raw HTTP/1.1, or grpc.aio) --> answers --> Tally

A closed loop, which waits for an answer before it sends again, stops sending while the deployment stalls, and so never
sees what other callers see then. Here a stall shows in the latency of every request that was due meanwhile. It knows
neither cases nor the contract: `engine.steps.load` gives it bytes and reads its tally.
"""

from qbridge_harness.load.open_loop import Answer, Clock, OpenLoop, Sender, Tally

__all__ = ["Answer", "Clock", "OpenLoop", "Sender", "Tally"]
