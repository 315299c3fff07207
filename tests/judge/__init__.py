"""The judge of the judge: runs the harness against implementations whose faults are known beforehand.

    expected     who is judged, and which rules each must show broken
    judging      the harness's cases against one of them
    judgement    what was found, held against what was expected
    pool         several at a time
    __main__     `make judge`

A conforming implementation must pass every case. A broken one must show exactly the rules broken that its row in
`mocks/broken.yaml` names: one rule more is a case that blames the wrong rule, one rule less a check that cannot fail.
"""

from __future__ import annotations

from tests.judge.expected import Expected, everybody
from tests.judge.judgement import Judgement
from tests.judge.judging import Cases, judge
from tests.judge.pool import judge_all

__all__ = ["Cases", "Expected", "Judgement", "everybody", "judge", "judge_all"]
