"""Starts the harness as a server: `python test-server/main.py`, then `curl -f localhost:7500/run/smoke`.

With --target URL --grpc HOST:PORT it judges that deployment; without, it starts the reference server beside itself.
"""

import sys

from qbridge_harness.cli import main

if __name__ == "__main__":
    sys.exit(main(["serve", *sys.argv[1:]]))
