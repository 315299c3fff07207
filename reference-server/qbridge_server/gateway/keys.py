"""API keys: hashed, scoped, with an optional end. Only the hash is stored; the secret is shown once.

A secret is `qb_` and 256 random bits, so a plain SHA-256 is enough: there is nothing to guess (RFC 6819, 5.1.4.2.2).
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import hashlib
import logging
import os
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from qbridge_contract.errors import BridgeError
from qbridge_contract.ids import new_id
from qbridge_contract.structs import ApiKey, ErrorCode
from qbridge_server.ports import LOCAL, Caller, Clock, Rng

log = logging.getLogger("qbridge.server.keys")

SEEN_MAX = 1024
LOOK_S = 1.0
"""How often a running server looks whether somebody else has changed its keys file."""
NO_FILE = (0, 0, 0)
ANONYMOUS = Caller(tenant="", key_id="", scopes=frozenset())


class StoredKey(msgspec.Struct, frozen=True):
    """A key as it lies in the file: what it is, and the SHA-256 of its secret in hexadecimal digits."""

    key: ApiKey
    sha256: str


class KeysError(Exception):
    """The keys file cannot be used; the message says which, and why."""


class Keyring:
    """The API keys of a deployment, in `file` or, without one, in memory.

    Several processes may share a file, a server and the command line for instance: each change is made to what the file
    says under a lock, and `refresh` takes up what others changed. Raises KeysError for a file that holds no keys.

    `open_to_all` lets callers without a key in as `LOCAL`: only for doors on loopback, or in the caller's process.
    """

    def __init__(self, file: Path | None, *, clock: Clock, rng: Rng, open_to_all: bool = False) -> None:
        self._file = file
        self._clock = clock
        self._rng = rng
        self.open_to_all = open_to_all
        self._by_hash: dict[bytes, tuple[Caller, float]] = {}
        # Headers that were good, so that a busy caller's is not hashed each time; in memory only.
        self._seen: dict[str, tuple[Caller, float]] = {}
        self._stored: dict[str, StoredKey] = {}
        self._version = NO_FILE
        if file is not None:
            self._read(file)

    def authenticate(self, authorization: str) -> Caller:
        """The caller of an `Authorization: Bearer SECRET` header. Raises UNAUTHENTICATED."""
        if not authorization:
            if self.open_to_all:
                return LOCAL
            raise _refused("An API key is needed.")
        if authorization[:7].lower() != "bearer ":
            raise _refused("The Authorization header must read: Bearer KEY.")
        found = self._seen.get(authorization)
        if found is None:
            sha256 = hashlib.sha256(authorization[7:].strip().encode()).digest()
            found = self._by_hash.get(sha256)
            if found is None:
                self.refresh()  # it may have been made in the file since
                found = self._by_hash.get(sha256)
            if found is None:
                raise _refused("The API key is unknown or revoked.")
            if len(self._seen) >= SEEN_MAX:
                self._seen.clear()
            self._seen[authorization] = found
        caller, ends_at = found
        if ends_at and self._clock.wall() >= ends_at:
            raise _refused("The API key has expired.")
        return caller

    def anyone(self, authorization: str) -> Caller:
        """The caller where anybody may call: by key if it is a good one, else without scopes. Never raises."""
        try:
            return self.authenticate(authorization)
        except BridgeError:
            return ANONYMOUS

    def create(self, name: str, tenant: str, scopes: list[str], ttl_s: float = 0.0) -> tuple[ApiKey, str]:
        """Makes a key; (the key, its secret). Raises KeysError."""
        now = self._clock.wall()
        made_at = datetime.fromtimestamp(now, UTC)
        key = ApiKey(
            key_id=new_id("key", now, self._rng.bits(80)),
            name=name,
            tenant=tenant,
            scopes=sorted(scopes),
            created_at=made_at,
            expires_at=made_at + timedelta(seconds=ttl_s) if ttl_s else None,
        )
        secret = "qb_" + self._rng.token_bytes(32).hex()
        with self._changing() as keys:
            keys[key.key_id] = StoredKey(key, hashlib.sha256(secret.encode()).hexdigest())
        return key, secret

    def all(self) -> list[ApiKey]:
        """All keys, oldest first (ids sort by time)."""
        return [self._stored[key_id].key for key_id in sorted(self._stored)]

    def revoke(self, key_id: str) -> None:
        """Revokes a key, at once. Raises NOT_FOUND and KeysError."""
        with self._changing() as keys:
            stored = keys.get(key_id)
            if stored is None:
                raise BridgeError.of(ErrorCode.NOT_FOUND, f"There is no key {key_id}.")
            revoked = msgspec.structs.replace(stored.key, revoked=True)
            keys[key_id] = msgspec.structs.replace(stored, key=revoked)

    async def follow(self) -> None:
        """Takes up what others change in the file, until cancelled."""
        while True:
            await asyncio.sleep(LOOK_S)
            self.refresh()

    def refresh(self) -> None:
        """Takes up what others changed in the file. A file that cannot be read is logged, and changes nothing."""
        if self._file is None or _version(self._file) == self._version:
            return
        try:
            self._read(self._file)
        except KeysError as error:
            self._version = _version(self._file)  # said once
            log.error("the keys file cannot be used; the keys known so far stay", extra={"why": str(error)})

    def _read(self, file: Path) -> None:
        """Takes the file's keys for the truth; a file that is not there leaves all as it is."""
        version = _version(file)
        if version == NO_FILE:
            return
        try:
            stored = msgspec.json.decode(file.read_bytes(), type=list[StoredKey])
            keys = {each.key.key_id: each for each in stored}
            by_hash = _by_hash(keys.values())
        except (OSError, ValueError) as error:
            raise KeysError(f"{file} cannot be read as a keys file: {error}") from None
        self._version, self._stored, self._by_hash = version, keys, by_hash
        self._seen.clear()

    @contextlib.contextmanager
    def _changing(self) -> Iterator[dict[str, StoredKey]]:
        """The keys as they are now, to be changed: they count once the file has them."""
        if self._file is None:
            keys = dict(self._stored)
            yield keys
        else:
            with _locked(self._file):
                self._read(self._file)
                keys = dict(self._stored)
                yield keys
                _write(self._file, keys.values())
                self._version = _version(self._file)
        self._stored, self._by_hash = keys, _by_hash(keys.values())
        self._seen.clear()


def _by_hash(keys: Iterable[StoredKey]) -> dict[bytes, tuple[Caller, float]]:
    """SHA-256 -> (who calls with it, when it ends), for the keys that hold."""
    found = {}
    for stored in keys:
        key = stored.key
        if not key.revoked:
            ends_at = key.expires_at.timestamp() if key.expires_at else 0.0
            found[bytes.fromhex(stored.sha256)] = (Caller(key.tenant, key.key_id, frozenset(key.scopes)), ends_at)
    return found


def _version(file: Path) -> tuple[int, int, int]:
    """Differs after each change, because each makes a new file."""
    try:
        about = file.stat()
    except OSError:
        return NO_FILE
    return about.st_ino, about.st_mtime_ns, about.st_size


@contextlib.contextmanager
def _locked(file: Path) -> Iterator[None]:
    """Holds the one lock of a keys file; a file beside it, because the keys file itself is replaced."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(file.with_suffix(".lock"), os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise KeysError(f"{file} cannot be changed: {error.strerror}") from None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _write(file: Path, keys: Iterable[StoredKey]) -> None:
    draft = file.with_suffix(".new")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as opened:
        opened.write(msgspec.json.encode(list(keys)))
        opened.flush()
        os.fsync(opened.fileno())
    draft.replace(file)


def _refused(message: str) -> BridgeError:
    return BridgeError.of(ErrorCode.UNAUTHENTICATED, message)
