"""The engine: runs planned cases against a target, and says what came of each.

    planned cases --run--> phases --steps--> clients, own backends
                              |                  |
                           results <-- log (messages, violations)

It takes cases and a target, gives a Report. It knows the language and the clients; it prints and writes nothing:
that is for `reports`, the CLI and the server.
"""

from qbridge_harness.engine.results import CaseResult, Report, StepResult
from qbridge_harness.engine.run import Options, run

__all__ = ["CaseResult", "Options", "Report", "StepResult", "run"]
