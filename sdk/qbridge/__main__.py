"""`python -m qbridge`: the same as the command `qbridge`."""

from __future__ import annotations

import sys

from qbridge.cli import main

if __name__ == "__main__":
    sys.exit(main())
