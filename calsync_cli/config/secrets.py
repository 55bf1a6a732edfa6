"""Passwords: the OS keyring, or an encrypted file as an explicit choice for machines without one (design section 6).

Shape   `open_store(config, state_dir, environ)` -> SecretStore; values are wrapped in Secret and never printed
Errors  AuthError when the back end is not safe or its passphrase is wrong; nothing is overwritten then
Source  keyring 25: backends.fail, backends.null, chainer; Windows Credential Locker holds 2560 bytes a value
"""

from __future__ import annotations

import json
import os
import subprocess
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol

from calsync_cli.errors import AuthError
from calsync_cli.model.account import Account, SecretsConfig
from calsync_cli.model.secret import Secret

SERVICE = "calsync"
CHUNK = 1000
COMMAND_TIMEOUT_S = 30
TWO_WAYS = (
    "Two ways out: unlock or install a real keyring (Secret Service, macOS Keychain, Windows Credential Locker), or "
    'write [secrets] backend = "file" with a key_command or the environment variable CALSYNC_SECRET_KEY'
)


class SecretStore(Protocol):
    def get(self, name: str) -> Secret | None: ...

    def set(self, name: str, value: Secret) -> None: ...

    def delete(self, name: str) -> None: ...

    def describe(self) -> str:
        """Where secrets go, for `doctor`. Raises AuthError when they cannot go there."""
        ...


def open_store(config: SecretsConfig, state_dir: Path, environ: Mapping[str, str]) -> SecretStore:
    if config.backend == "file":
        return FileStore(state_dir / "secrets.json", lambda: _passphrase(config, environ))
    return KeyringStore()


def password_for(account: Account, store: Callable[[], SecretStore]) -> Secret | None:
    """password_command, then the configuration, then the store."""
    if account.password_command is not None:
        return Secret(run_command(account.password_command, f"accounts.{account.name}.password_command"))
    if account.password is not None:
        return account.password
    return store().get(account.name)


def run_command(command: tuple[str, ...], what: str) -> str:
    """First line of what the program prints; no shell. Raises AuthError."""
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=COMMAND_TIMEOUT_S, check=False, stdin=subprocess.DEVNULL
        )
    except FileNotFoundError:
        raise AuthError(f"{what}: there is no program {command[0]!r}", next="calsync config check") from None
    except (OSError, subprocess.TimeoutExpired) as err:
        text = f"{what}: {command[0]} did not finish ({type(err).__name__})"
        raise AuthError(text, next="calsync config check") from None
    lines = done.stdout.splitlines()
    if done.returncode != 0 or not lines or not lines[0]:
        text = f"{what}: {command[0]} ended with {done.returncode} and gave no password"
        raise AuthError(text, next="calsync config check")
    return lines[0]


# -- the OS keyring ----------------------------------------------------------------------------------------------------


class KeyringStore:
    """Values longer than CHUNK are kept in pieces, for back ends with small limits."""

    def __init__(self) -> None:
        self._backend: Any = None

    def _real(self) -> Any:
        if self._backend is None:
            import keyring

            self._backend = _checked(keyring.get_keyring())
        return self._backend

    def describe(self) -> str:
        return f"keyring: {getattr(self._real(), 'name', type(self._real()).__name__)}"

    def get(self, name: str) -> Secret | None:
        first = self._call("get_password", name)
        if first is None or not first.startswith("calsync-chunks:"):
            return None if first is None else Secret(first)
        count = int(first.partition(":")[2])
        parts = [self._call("get_password", f"{name}#{number}") for number in range(count)]
        return None if None in parts else Secret("".join(parts))

    def set(self, name: str, value: Secret) -> None:
        text = value.reveal()
        self.delete(name)
        if len(text) <= CHUNK:
            self._call("set_password", name, text)
            return
        parts = [text[i : i + CHUNK] for i in range(0, len(text), CHUNK)]
        for number, part in enumerate(parts):
            self._call("set_password", f"{name}#{number}", part)
        self._call("set_password", name, f"calsync-chunks:{len(parts)}")

    def delete(self, name: str) -> None:
        first = self._call("get_password", name)
        if first is None:
            return
        count = int(first.partition(":")[2]) if first.startswith("calsync-chunks:") else 0
        for key in (name, *(f"{name}#{number}" for number in range(count))):
            if self._call("get_password", key) is not None:
                self._call("delete_password", key)

    def _call(self, method: str, *values: str) -> Any:
        import keyring.errors

        try:
            return getattr(self._real(), method)(SERVICE, *values)
        except keyring.errors.KeyringError as err:
            raise AuthError(f"the keyring cannot be used ({err}). {TWO_WAYS}", next="calsync doctor") from err


def _checked(backend: Any) -> Any:
    """Refuses back ends that keep nothing or keep it in plain text; looks through a chainer at what it would use."""
    inner = getattr(backend, "backends", None)
    if type(backend).__module__ == "keyring.backends.chainer" and inner:
        backend = inner[0]
    module, name = type(backend).__module__, type(backend).__name__
    if module in ("keyring.backends.fail", "keyring.backends.null", "keyring.backends.chainer"):
        raise AuthError(f"this machine has no keyring to keep a password in. {TWO_WAYS}", next="calsync doctor")
    if module.startswith("keyrings.alt") or "plaintext" in name.lower():
        text = f"the only keyring here ({module}.{name}) keeps passwords readable on the disk, which is refused"
        raise AuthError(f"{text}. {TWO_WAYS}", next="calsync doctor")
    return backend


# -- the encrypted file ------------------------------------------------------------------------------------------------


def _passphrase(config: SecretsConfig, environ: Mapping[str, str]) -> str:
    if config.key_command is not None:
        return run_command(config.key_command, "secrets.key_command")
    found = environ.get("CALSYNC_SECRET_KEY", "")
    if not found:
        text = "the encrypted password file needs a passphrase: set secrets.key_command or CALSYNC_SECRET_KEY"
        raise AuthError(text, next="calsync config edit")
    return found


class FileStore:
    """One JSON file, 0600: a salt, and per name a nonce with the AES-GCM sealed value (key by scrypt)."""

    def __init__(self, path: Path, passphrase: Callable[[], str]) -> None:
        self._path = path
        self._passphrase = passphrase
        self._keys: dict[str, bytes] = {}

    def describe(self) -> str:
        self._cipher(self._load())
        return f"encrypted file: {self._path}"

    def get(self, name: str) -> Secret | None:
        data = self._load()
        sealed = data["values"].get(name)
        return None if sealed is None else Secret(self._open(data, name, sealed))

    def set(self, name: str, value: Secret) -> None:
        data = self._load()
        for known, sealed in data["values"].items():
            self._open(data, known, sealed)  # a wrong passphrase must not mix keys in one file
            break
        nonce = os.urandom(12)
        box = self._cipher(data).encrypt(nonce, value.reveal().encode(), name.encode())
        data["values"][name] = [b64encode(nonce).decode(), b64encode(box).decode()]
        self._save(data)

    def delete(self, name: str) -> None:
        data = self._load()
        if data["values"].pop(name, None) is not None:
            self._save(data)

    def _load(self) -> dict[str, Any]:
        try:
            data: dict[str, Any] = json.loads(self._path.read_text(encoding="utf-8"))
            assert isinstance(data["values"], dict) and isinstance(data["salt"], str)
        except FileNotFoundError:
            return {"salt": b64encode(os.urandom(16)).decode(), "values": {}}
        except (OSError, ValueError, KeyError, TypeError, AssertionError) as err:
            text = f"the password file {self._path} cannot be read; it was left as it is"
            raise AuthError(text, next=f"move {self._path} away, then calsync login ACCOUNT") from err
        return data

    def _cipher(self, data: Mapping[str, Any]) -> Any:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM
        from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

        salt = str(data["salt"])
        if salt not in self._keys:
            scrypt = Scrypt(salt=b64decode(salt), length=32, n=2**15, r=8, p=1)
            self._keys[salt] = scrypt.derive(self._passphrase().encode())
        return AESGCM(self._keys[salt])

    def _open(self, data: Mapping[str, Any], name: str, sealed: list[str]) -> str:
        from cryptography.exceptions import InvalidTag

        nonce, box = (b64decode(part) for part in sealed)
        try:
            plain: bytes = self._cipher(data).decrypt(nonce, box, name.encode())
        except InvalidTag:
            text = f"the passphrase does not open {self._path}; nothing was changed"
            raise AuthError(text, next="check secrets.key_command or CALSYNC_SECRET_KEY") from None
        return plain.decode()

    def _save(self, data: Mapping[str, Any]) -> None:
        partial = self._path.with_name(self._path.name + ".part")
        handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(data, file)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(self._path)
