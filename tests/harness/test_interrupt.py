"""Ctrl-C ends the harness's server quietly."""

from __future__ import annotations

import signal
import subprocess
import sys


def test_ctrl_c_ends_the_server_without_a_traceback() -> None:
    words = ["serve", "--target", "http://127.0.0.1:9", "--grpc", "127.0.0.1:9", "--port", "0"]
    process = subprocess.Popen(
        [sys.executable, "-m", "qbridge_harness", *words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    assert process.stdout is not None
    said = process.stdout.readline() + process.stdout.readline()
    assert "curl" in said, said
    process.send_signal(signal.SIGINT)
    rest, _ = process.communicate(timeout=20)
    assert process.returncode == 130
    assert "Traceback" not in rest
