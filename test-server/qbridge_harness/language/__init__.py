"""The case language: what people write in `cases/*.yaml`, typed, and refused with file, line, column and the fix.

    text --document--> plain data with positions --model, steps--> Suite --lint--> problems --plan--> planned cases

It takes text and gives planned cases, one for each combination of axes. It knows the contract (names of RPCs and
fields) and the rules, and nothing of networks: everything here happens before anything is sent.
"""

from qbridge_harness.language.load import load_suites
from qbridge_harness.language.model import Case, Suite
from qbridge_harness.language.plan import PlannedCase, plan_cases
from qbridge_harness.language.problems import CaseFileError, Problem

__all__ = ["Case", "CaseFileError", "PlannedCase", "Problem", "Suite", "load_suites", "plan_cases"]
