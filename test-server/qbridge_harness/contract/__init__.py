"""The contract as data: what the harness knows of the deployments that it judges.

    descriptor.binpb --pool--> message classes, RPCs, error table
    openapi.json --schemas--> what a REST body may hold
                    both --checks--> violations, with blame

It takes the two files of `qbridge_contract` (or others of any version) and gives classes, tables and checks.
It knows nothing of cases and sends nothing.
"""

from qbridge_harness.contract.checks import Checks
from qbridge_harness.contract.pool import Contract, ErrorRow, Rpc, load_contract
from qbridge_harness.contract.violation import Violation

__all__ = ["Checks", "Contract", "ErrorRow", "Rpc", "Violation", "load_contract"]
