"""`python -m qbridge_harness`: the same as the console script `qbridge-harness`."""

import sys

from qbridge_harness.cli import main

sys.exit(main())
