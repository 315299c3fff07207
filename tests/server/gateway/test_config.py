"""A configuration that cannot be meant is refused before a door opens, in words that say what to do."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from qbridge_server.config import ConfigError, ServerConfig, load
from qbridge_server.serve import Server

from .test_tls import Authority


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"tls_cert": "c.pem"}, "tls_key"),
        ({"tls_key": "k.pem"}, "tls_cert"),
        ({"tls_client_ca": "ca.pem"}, "tls_cert"),
        ({"tls_cert": "c.pem", "tls_client_ca": "ca.pem"}, "tls_key"),
    ],
)
def test_half_of_a_tls_setting_is_refused_not_served_in_plaintext(settings: dict[str, object], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        load(None, settings)


def test_tls_files_that_cannot_be_used_are_refused_by_name(tmp_path: Path) -> None:
    broken = tmp_path / "broken.pem"
    broken.write_text("this is no certificate")
    with pytest.raises(ConfigError, match=r"broken\.pem"):
        Server(ServerConfig(tls_cert=broken, tls_key=broken))
    with pytest.raises(ConfigError, match=r"not-there\.pem"):
        Server(ServerConfig(tls_cert=tmp_path / "not-there.pem", tls_key=broken))


def test_an_authority_that_is_none_is_refused_by_name(tmp_path: Path) -> None:
    cert, key = Authority(tmp_path).issue("server")
    broken = tmp_path / "broken.pem"
    broken.write_text("this is no certificate")
    with pytest.raises(ConfigError, match=r"broken\.pem"):
        Server(ServerConfig(tls_cert=cert, tls_key=key, tls_client_ca=broken))


def test_a_keys_file_that_is_missing_is_refused_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"qbridge keys create --file .*missing\.json"):
        Server(ServerConfig(keys=tmp_path / "missing.json"))


def test_a_keys_file_that_is_none_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "keys.json"
    file.write_text("{")
    with pytest.raises(ConfigError, match=r"keys\.json"):
        Server(ServerConfig(keys=file))


def test_a_backend_on_an_engine_elsewhere_needs_its_url() -> None:
    with pytest.raises(ConfigError, match="http://"):
        load(None, {"backends": [{"name": "chroma", "kind": "chroma", "url": "localhost:8000"}]})


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (("--chroma", "localhost:8000"), "http://"),
        (("--tls-cert", "missing.pem", "--tls-key", "missing.key"), "missing.pem"),
        (("--tls-cert", "missing.pem"), "tls_key"),
        (("--keys", "missing.json"), "qbridge keys create"),
        (("--rest", "127.0.0.1:174010"), "at most 65535"),
        (("--grpc", "127.0.0.1:-1"), "at most 65535"),
        (("--ready-file", "."), "is no file"),
        (("--ready-file", "nowhere/ready.json"), "no folder nowhere"),
    ],
)
def test_the_command_says_what_is_wrong_without_a_traceback(tmp_path: Path, flags: tuple[str, ...], said: str) -> None:
    command = [sys.executable, "-m", "qbridge", "serve", "--grpc", "127.0.0.1:0", "--rest", "127.0.0.1:0", *flags]
    done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False, cwd=tmp_path)
    assert done.returncode == 2, done.stderr
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_file_in_the_place_of_the_data_folder_is_named(tmp_path: Path) -> None:
    file = tmp_path / "README.md"
    file.write_text("not a folder")
    with pytest.raises(ConfigError, match=r"README\.md cannot be a folder"):
        Server(ServerConfig(grpc="127.0.0.1:0", rest="127.0.0.1:0", data=file))
