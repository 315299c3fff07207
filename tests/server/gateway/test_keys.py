"""Keys let the right callers in, each to its own requests, and quotas hold them to their share."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from qbridge.cli import main
from qbridge_contract.errors import BridgeError
from qbridge_contract.structs import Quota
from qbridge_server.config import ConfigError, ServerConfig
from qbridge_server.gateway.keys import Keyring, KeysError
from qbridge_server.gateway.quota import Quotas
from qbridge_server.runtime import SystemClock, SystemRng
from qbridge_server.serve import Server

from .conftest import echo

DOORS = ("rest", "grpc", "websocket")


class HandClock:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now

    def wall(self) -> float:
        return self.now


@pytest.fixture
def keyring(tmp_path: Path) -> Any:
    return Keyring(tmp_path / "keys.json", clock=SystemClock(), rng=SystemRng())


@pytest.fixture
async def guarded(serve: Any, keyring: Keyring, tmp_path: Path) -> Any:
    """A server that asks for keys; (doors of a caller, doors of an admin, doors of another tenant)."""
    caller = keyring.create("caller", "acme", ["call"])[1]
    admin = keyring.create("admin", "ops", ["admin", "call", "backend"])[1]
    stranger = keyring.create("stranger", "other", ["call"])[1]
    first = await serve(caller, keys=tmp_path / "keys.json")
    return first, first.as_caller(admin), first.as_caller(stranger), first.as_caller("")


@pytest.mark.parametrize("ttl_s", ["1e308", "nan", "-1"])
def test_a_key_that_holds_for_ever_or_never_is_refused_in_a_sentence(
    tmp_path: Path, ttl_s: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["keys", "create", "--file", str(tmp_path / "keys.json"), "--name", "x", "--ttl-s", ttl_s])
    assert ended.value.code == 2
    assert "a hundred years" in capsys.readouterr().err


@pytest.mark.parametrize("door", DOORS)
async def test_without_a_key_or_with_a_wrong_one_nobody_comes_in(guarded: Any, door: str) -> None:
    _, _, _, nobody = guarded
    assert (await nobody.call(door, echo())).code == "UNAUTHENTICATED"
    wrong = nobody.as_caller("qb_" + "0" * 64)
    assert (await wrong.call(door, echo())).code == "UNAUTHENTICATED"


@pytest.mark.parametrize("door", DOORS)
async def test_a_good_key_comes_in(guarded: Any, door: str) -> None:
    caller, *_ = guarded
    assert (await caller.call(door, echo())).result


async def test_a_key_without_the_scope_is_refused(guarded: Any) -> None:
    caller, *_ = guarded
    response = await caller.http.post("/v1/backends", json={"name": "far"})
    assert (response.status_code, response.json()["code"]) == (403, "PERMISSION_DENIED")


async def test_another_tenant_does_not_see_a_request(guarded: Any) -> None:
    caller, _, stranger, _ = guarded
    request_id = (await caller.rest(echo())).result["requestId"]
    assert (await caller.http.get(f"/v1/requests/{request_id}")).status_code == 200
    assert (await stranger.http.get(f"/v1/requests/{request_id}")).status_code == 404
    assert (await stranger.http.get("/v1/requests")).json().get("records", []) == []


async def test_a_revoked_key_is_out_at_once(guarded: Any) -> None:
    _, admin, _, _ = guarded
    made = (await admin.http.post("/v1/keys", json={"name": "x", "tenant": "t", "scopes": ["call"]})).json()
    guest = admin.as_caller(made["secret"])
    assert (await guest.rest(echo())).result
    assert (await admin.http.delete(f"/v1/keys/{made['key']['keyId']}")).status_code == 200
    assert (await guest.rest(echo())).code == "UNAUTHENTICATED"
    listed = (await admin.http.get("/v1/keys")).json()["keys"]
    assert "secret" not in str(listed)


async def test_a_key_revoked_or_made_by_the_command_counts_in_the_running_server(guarded: Any, tmp_path: Path) -> None:
    caller, _, _, nobody = guarded
    assert (await caller.rest(echo())).result
    command = Keyring(tmp_path / "keys.json", clock=SystemClock(), rng=SystemRng())
    made = nobody.as_caller(command.create("late", "acme", ["call"])[1])
    assert (await made.rest(echo())).result
    own = next(key.key_id for key in command.all() if key.name == "caller")
    command.revoke(own)
    async with asyncio.timeout(10):
        while (await caller.rest(echo())).result is not None:
            pass
    assert (await caller.rest(echo())).code == "UNAUTHENTICATED"


async def test_a_quota_refuses_what_is_too_much_and_says_when_to_come_back(guarded: Any) -> None:
    caller, admin, _, _ = guarded
    quota = {"requestsPerS": 0.5, "burst": 2}
    assert (await admin.http.put("/v1/quotas/acme", json=quota)).status_code == 200
    answers = [await caller.http.post("/v1/call", json=echo(n)) for n in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 429, 429]
    assert answers[2].json()["code"] == "QUOTA_EXCEEDED"
    assert 1 <= int(answers[2].headers["retry-after"]) <= 2


async def test_capabilities_and_health_need_no_key(guarded: Any) -> None:
    *_, nobody = guarded
    assert (await nobody.http.get("/v1/capabilities")).json()["authentication"] is True
    assert (await nobody.http.get("/v1/health")).status_code == 200
    assert (await nobody.http.get("/metrics")).status_code == 401


def test_the_file_holds_no_secret(keyring: Keyring, tmp_path: Path) -> None:
    _, secret = keyring.create("a", "t", ["call"])
    text = (tmp_path / "keys.json").read_text()
    assert secret not in text
    assert secret.removeprefix("qb_") not in text
    assert (tmp_path / "keys.json").stat().st_mode & 0o077 == 0


def test_two_rings_of_one_file_do_not_undo_each_other(tmp_path: Path) -> None:
    def ring() -> Keyring:
        return Keyring(tmp_path / "keys.json", clock=SystemClock(), rng=SystemRng())

    revoked, secret = ring().create("revoked", "t", ["call"])
    server = ring()
    ring().revoke(revoked.key_id)
    made, _ = ring().create("made elsewhere", "t", ["call"])
    own, _ = server.create("made here", "t", ["call"])
    assert {key.key_id: key.revoked for key in ring().all()} == {
        revoked.key_id: True,
        made.key_id: False,
        own.key_id: False,
    }
    with pytest.raises(BridgeError, match="revoked"):
        server.authenticate(f"Bearer {secret}")


def test_many_processes_may_make_keys_in_one_file_at_once(tmp_path: Path) -> None:
    rings = [Keyring(tmp_path / "keys.json", clock=SystemClock(), rng=SystemRng()) for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda ring: [ring.create("x", "t", ["call"])[0].key_id for _ in range(4)], rings))
    kept = {key.key_id for key in Keyring(tmp_path / "keys.json", clock=SystemClock(), rng=SystemRng()).all()}
    assert kept == {key_id for ids in made for key_id in ids}


def test_a_file_that_cannot_be_read_changes_nothing(keyring: Keyring, tmp_path: Path) -> None:
    _, secret = keyring.create("a", "t", ["call"])
    file = tmp_path / "keys.json"
    file.write_text("{")
    keyring.refresh()
    assert keyring.authenticate(f"Bearer {secret}").tenant == "t"
    with pytest.raises(KeysError, match=r"keys\.json"):
        keyring.create("b", "t", ["call"])
    assert file.read_text() == "{"


def test_an_expired_key_is_refused(tmp_path: Path) -> None:
    clock = HandClock()
    keyring = Keyring(None, clock=clock, rng=SystemRng())
    _, secret = keyring.create("a", "t", ["call"], ttl_s=10)
    assert keyring.authenticate(f"Bearer {secret}").tenant == "t"
    clock.now += 10
    with pytest.raises(BridgeError, match="expired"):
        keyring.authenticate(f"Bearer {secret}")


def test_a_quota_fills_up_with_time_and_counts_what_is_in_flight() -> None:
    clock = HandClock()
    quotas = Quotas(clock)
    quotas.set(Quota(tenant="t", requests_per_s=2.0, in_flight_max=2))
    assert quotas.take("t")
    with pytest.raises(BridgeError, match="requests a second"):
        quotas.take("t")
    clock.now += 0.5
    assert quotas.take("t")
    clock.now += 0.5
    with pytest.raises(BridgeError, match="at once"):
        quotas.take("t")
    quotas.give_back("t")
    assert quotas.take("t")
    assert quotas.take("nobody") is False


def test_without_keys_only_loopback_is_served() -> None:
    with pytest.raises(ConfigError, match="qbridge keys create"):
        Server(ServerConfig(rest="0.0.0.0:7401"))


def test_the_command_makes_a_key_that_works(tmp_path: Path) -> None:
    file = tmp_path / "keys.json"
    command = [
        sys.executable,
        "-m",
        "qbridge",
        "keys",
        "create",
        "--file",
        str(file),
        "--name",
        "x",
        "--tenant",
        "acme",
    ]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=30)
    keyring = Keyring(file, clock=SystemClock(), rng=SystemRng())
    assert keyring.authenticate(f"Bearer {done.stdout.strip()}").tenant == "acme"


async def test_a_key_may_not_hold_for_longer_than_a_date_can_say(serve: Any) -> None:
    doors = await serve()
    key = {"name": "eternal", "tenant": "acme", "scopes": ["call"], "ttlS": 1.2e308}
    response = await doors.http.post("/v1/keys", json=key)
    assert (response.status_code, response.json()["code"]) == (400, "INVALID_ARGUMENT")
    assert response.json()["violations"][0]["field"] == "ttl_s"
