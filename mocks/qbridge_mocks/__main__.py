"""`python -m qbridge_mocks`."""

from __future__ import annotations

import sys

try:
    from qbridge_mocks.cli import main

    sys.exit(main())
except KeyboardInterrupt:
    sys.exit(130)
