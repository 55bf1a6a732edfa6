"""Passwords and tokens: the OS keyring, or an encrypted file as an explicit choice for machines without one.

Shape   `open_store(config, state_dir, environ)` -> SecretStore; values are wrapped in Secret and never printed
Errors  AuthError when the back end is not safe or its passphrase is wrong; nothing is overwritten then
Order   whoever changes a secret that others change too (a token) reads it again and writes it inside `guard(name)`
Source  keyring 25: backends.fail, backends.null, chainer; Windows Credential Locker holds 2560 bytes a value
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any, Protocol

from calsync_cli import files
from calsync_cli.config.environment import without_secrets
from calsync_cli.config.lockfile import Busy, held
from calsync_cli.config.paths import default_state_dir
from calsync_cli.errors import AuthError, TransientError
from calsync_cli.model.account import Account, SecretsConfig
from calsync_cli.model.plain import dataclass
from calsync_cli.model.secret import Secret
from calsync_cli.ports import Ports, system_ports

SERVICE = "calsync"
CHUNK = 1000
PIECES = "calsync-chunks:"
COMMAND_TIMEOUT_S = 30
GUARD_WAIT_S = 150.0  # longer than a renewal with all its tries may take
FILE_WAIT_S = 60.0  # longer than key_command may take
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

    def guard(self, name: str, ports: Ports) -> AbstractContextManager[None]:
        """Only one process and thread at a time is inside for this name. Raises TransientError after a long wait."""
        ...


def open_store(config: SecretsConfig, state_dir: Path, environ: Mapping[str, str]) -> SecretStore:
    if config.backend == "file":
        return FileStore(state_dir / "secrets.json", lambda: _passphrase(config, environ))
    return KeyringStore()


@contextmanager
def _guarded(folder: Path, name: str, ports: Ports) -> Iterator[None]:
    """A lock file per name, whatever characters the name has."""
    file = folder / f"sign-in-{sha256(name.encode()).hexdigest()[:16]}.lock"
    with ExitStack() as stack:
        try:
            files.make_folder(folder)
            stack.enter_context(held(file, ports, GUARD_WAIT_S))
        except Busy:
            text = f"another calsync has been changing the sign-in of {name} for {GUARD_WAIT_S:.0f} s"
            raise TransientError(text, next="calsync doctor") from None
        except OSError as err:
            text = f"the sign-in of {name} cannot be locked by {file} ({err.strerror})"
            raise AuthError(text, next="calsync doctor") from err
        yield


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
            command, capture_output=True, timeout=COMMAND_TIMEOUT_S, check=False, stdin=subprocess.DEVNULL,
            env=without_secrets(os.environ),
        )
    except FileNotFoundError:
        raise AuthError(f"{what}: there is no program {command[0]!r}", next="calsync config check") from None
    except subprocess.TimeoutExpired:
        text = f"{what}: {command[0]} gave no answer in {COMMAND_TIMEOUT_S} s; it may be waiting to be unlocked"
        raise AuthError(text, next="calsync config check") from None
    except (OSError, ValueError) as err:
        text = f"{what}: {command[0]} cannot be run ({getattr(err, 'strerror', None) or err})"
        raise AuthError(text, next="calsync config check") from None
    try:
        first = done.stdout.decode("utf-8").partition("\n")[0].rstrip("\r")
    except UnicodeDecodeError:
        text = f"{what}: what {command[0]} prints is not UTF-8 text"
        raise AuthError(text, next="calsync config check") from None
    if done.returncode != 0 or not first:
        text = f"{what}: {command[0]} ended with {done.returncode} and gave no password"
        raise AuthError(text, next="calsync config check")
    return first


# -- the OS keyring ----------------------------------------------------------------------------------------------------


class KeyringStore:
    """Values longer than CHUNK are kept in pieces, for back ends with small limits.

    The first entry of a value in pieces says how many and which set; a new value goes to the other set, so that the
    old one stays whole until the new one is.
    """

    def __init__(self) -> None:
        self._backend: Any = None

    def _real(self) -> Any:
        if self._backend is None:
            try:
                import keyring

                found = keyring.get_keyring()
            except Exception as err:  # whatever a back end's own import or set-up raises
                text = f"no keyring can be opened ({_short(err)}). {TWO_WAYS}"
                raise AuthError(text, next="calsync config edit") from err
            self._backend = _checked(found)
        return self._backend

    def guard(self, name: str, ports: Ports) -> AbstractContextManager[None]:
        """All state folders of a user share one keyring, so the lock is not in any one of them."""
        return _guarded(default_state_dir(), name, ports)

    def describe(self) -> str:
        return f"keyring: {getattr(self._real(), 'name', type(self._real()).__name__)}"

    def get(self, name: str) -> Secret | None:
        first = self._call("get_password", name)
        if first is None:
            return None
        pieces = _piece_names(name, first)
        if pieces is None:
            return Secret(first)
        parts = [self._call("get_password", piece) for piece in pieces]
        return None if None in parts else Secret("".join(parts))

    def set(self, name: str, value: Secret) -> None:
        text = value.reveal()
        before = self._call("get_password", name) or ""
        if len(text.encode("utf-16-le")) // 2 <= CHUNK and not text.startswith(PIECES):
            head, parts = text, []
        else:
            parts = _pieces(text)
            head = f"{PIECES}{len(parts)}:{'b' if before.endswith(':a') else 'a'}"
        for piece, part in zip(_piece_names(name, head) or [], parts, strict=False):
            self._call("set_password", piece, part)
        self._call("set_password", name, head)
        self._remove(_piece_names(name, before) or [])

    def delete(self, name: str) -> None:
        first = self._call("get_password", name)
        if first is not None:
            self._call("delete_password", name)
            self._remove(_piece_names(name, first) or [])

    def _remove(self, names: Sequence[str]) -> None:
        for name in names:
            if self._call("get_password", name) is not None:
                self._call("delete_password", name)

    def _call(self, method: str, *values: str) -> Any:
        real = self._real()
        try:
            return getattr(real, method)(SERVICE, *values)
        except Exception as err:  # each back end has errors of its own, and `from err` would show the value
            text = f"the keyring cannot be used ({_short(err)}). {TWO_WAYS}"
            raise AuthError(text, next="calsync config edit") from None


def _short(err: Exception) -> str:
    """The kind of error; its words only where keyring wrote them, since others may repeat the password."""
    ours = type(err).__module__.startswith("keyring")
    return f"{type(err).__name__}: {err}" if ours and str(err) else type(err).__name__


def _pieces(text: str) -> list[str]:
    """Of at most CHUNK UTF-16 units each, which is how Windows counts; no character is cut."""
    parts, size = [""], 0
    for char in text:
        width = 2 if ord(char) > 0xFFFF else 1
        if size + width > CHUNK:
            parts, size = [*parts, ""], 0
        parts[-1] += char
        size += width
    return parts


def _piece_names(name: str, head: str) -> list[str] | None:
    """None when `head` is the value itself."""
    match = re.fullmatch(rf"{PIECES}([0-9]+):([ab])", head)
    return [f"{name}#{match[2]}{number}" for number in range(int(match[1]))] if match else None


def _checked(backend: Any) -> Any:
    """Refuses back ends that keep nothing or keep it in plain text; looks through a chainer at what it would use."""
    inner = getattr(backend, "backends", None)
    if type(backend).__module__ == "keyring.backends.chainer" and inner:
        backend = inner[0]
    kinds = [(kind.__module__, kind.__name__) for kind in type(backend).__mro__]
    module, name = kinds[0]
    if module in ("keyring.backends.fail", "keyring.backends.null", "keyring.backends.chainer"):
        raise AuthError(f"this machine has no keyring to keep a password in. {TWO_WAYS}", next="calsync config edit")
    if any(where.startswith("keyrings.alt") or "plaintext" in kind.lower() for where, kind in kinds):
        text = f"the only keyring here ({module}.{name}) keeps passwords readable on the disk, which is refused"
        raise AuthError(f"{text}. {TWO_WAYS}", next="calsync config edit")
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
        self._keys: dict[bytes, bytes] = {}

    def guard(self, name: str, ports: Ports) -> AbstractContextManager[None]:
        return _guarded(self._path.parent, name, ports)

    def describe(self) -> str:
        self._try_passphrase(self._load())
        return f"encrypted file: {self._path}"

    def get(self, name: str) -> Secret | None:
        data = self._load()
        return Secret(self._open(data, name)) if name in data.values else None

    def set(self, name: str, value: Secret) -> None:
        with self._alone():
            data = self._load()
            self._try_passphrase(data)
            nonce = os.urandom(12)
            box = self._cipher(data.salt).encrypt(nonce, value.reveal().encode(), name.encode())
            self._save(_Sealed(data.salt, {**data.values, name: (nonce, box)}))

    def delete(self, name: str) -> None:
        with self._alone():
            data = self._load()
            if name in data.values:
                self._save(_Sealed(data.salt, {known: v for known, v in data.values.items() if known != name}))

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Between reading and writing the file nobody else may write it: one name's change must not undo another's."""
        with ExitStack() as stack:
            try:
                stack.enter_context(held(self._path.with_name(self._path.name + ".lock"), system_ports(), FILE_WAIT_S))
            except Busy:
                text = f"another calsync has been writing {self._path} for {FILE_WAIT_S:.0f} s"
                raise TransientError(text, next="calsync doctor") from None
            except OSError as err:
                text = f"the password file {self._path} cannot be written ({err.strerror}); it was left as it is"
                raise AuthError(text, next="calsync doctor") from err
            yield

    def _try_passphrase(self, data: _Sealed) -> None:
        """A wrong one must not mix keys in one file."""
        self._cipher(data.salt)
        for name in list(data.values)[:1]:
            self._open(data, name)

    def _cipher(self, salt: bytes) -> Any:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM
        from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

        if salt not in self._keys:
            scrypt = Scrypt(salt=salt, length=32, n=2**15, r=8, p=1)
            self._keys[salt] = scrypt.derive(self._passphrase().encode())
        return AESGCM(self._keys[salt])

    def _open(self, data: _Sealed, name: str) -> str:
        from cryptography.exceptions import InvalidTag

        nonce, box = data.values[name]
        try:
            plain: bytes = self._cipher(data.salt).decrypt(nonce, box, name.encode())
        except (InvalidTag, ValueError):
            text = f"the passphrase does not open {self._path}, or the file was changed; it was left as it is"
            raise AuthError(text, next="check secrets.key_command or CALSYNC_SECRET_KEY") from None
        return plain.decode()

    def _load(self) -> _Sealed:
        try:
            data = json.loads(self._path.read_text(encoding="utf-8"))
            values = {str(name): (b64decode(n), b64decode(box)) for name, (n, box) in data["values"].items()}
            return _Sealed(b64decode(data["salt"]), values)
        except FileNotFoundError:
            return _Sealed(os.urandom(16), {})
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as err:
            text = f"the password file {self._path} cannot be read; it was left as it is"
            raise AuthError(text, next=f"move {self._path} away, then calsync login ACCOUNT") from err

    def _save(self, data: _Sealed) -> None:
        """All or nothing, for the owner alone."""
        values = {name: [b64encode(part).decode() for part in pair] for name, pair in data.values.items()}
        try:
            files.write(self._path, json.dumps({"salt": b64encode(data.salt).decode(), "values": values}), sync=True)
        except OSError as err:
            text = f"the password file {self._path} cannot be written ({err.strerror}); it was left as it is"
            raise AuthError(text, next="calsync doctor") from err


@dataclass(frozen=True, slots=True)
class _Sealed:
    """What the file holds: name -> (nonce, sealed value)."""

    salt: bytes
    values: Mapping[str, tuple[bytes, bytes]]
