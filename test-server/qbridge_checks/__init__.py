"""What a judgement is computed with: when requests arrive, how long they took, and whether a promise was kept.

    seed --arrivals--> times of arrival --(a client sends)--> latencies --histogram--> percentiles
    what clients saw --history--> calls --checkers--> verdict with witnesses --minimal--> the few calls that show it

It takes plain numbers and rows, and gives plain numbers and verdicts: no sockets, no clock but the recorder's, no
knowledge of the contract, so that the harness, the mocks and the training of policies all measure with the same ruler.
Below it are numpy and msgspec; it imports nothing of ours.
"""

from qbridge_checks.arrivals import bursts, constant, generator, poisson, ramp, read_times, replay
from qbridge_checks.checkers import CHECKERS
from qbridge_checks.histogram import LatencyHistogram
from qbridge_checks.history import History, Recorder
from qbridge_checks.minimal import minimal
from qbridge_checks.verdict import Verdict, check, merged

__all__ = [
    "CHECKERS",
    "History",
    "LatencyHistogram",
    "Recorder",
    "Verdict",
    "bursts",
    "check",
    "constant",
    "generator",
    "merged",
    "minimal",
    "poisson",
    "ramp",
    "read_times",
    "replay",
]
