"""Every command can be imported and begun on Windows too: what only one kind of system has stands behind a question.

Two laws. By reading: a module, function or signal of one system is used only where the code asks which system it is, in
the same function. By running: with the modules and functions of POSIX taken away, as on Windows, everything imports.
"""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "calsync_cli"
MODULES = {"fcntl", "pwd", "grp", "termios", "tty", "pty", "resource", "syslog", "posix", "crypt", "spwd", "nis",
           "curses", "readline", "msvcrt", "winreg", "winsound", "_winapi", "_posixsubprocess"}  # fmt: skip
NAMES = {
    "os": {"fork", "forkpty", "getuid", "geteuid", "getgid", "getegid", "getgroups", "getpgid", "getpgrp", "setsid",
           "setpgid", "setpgrp", "killpg", "chown", "fchown", "lchown", "fchmod", "mkfifo", "mknod", "uname", "nice",
           "getloadavg", "sysconf", "statvfs", "ttyname", "openpty", "wait", "wait3", "wait4", "initgroups", "chroot",
           "O_NOFOLLOW", "O_DIRECTORY", "O_NONBLOCK", "O_CLOEXEC", "WNOHANG", "pread", "pwrite", "startfile"},
    "signal": {"SIGKILL", "SIGHUP", "SIGUSR1", "SIGUSR2", "SIGALRM", "SIGQUIT", "SIGCHLD", "SIGWINCH", "SIGPIPE",
               "SIGTSTP", "SIGCONT", "alarm", "setitimer", "sigwait", "pthread_sigmask", "siginterrupt", "pause",
               "set_wakeup_fd", "SIGBREAK", "CTRL_C_EVENT"},
    "socket": {"AF_UNIX", "socketpair", "SO_EXCLUSIVEADDRUSE", "SO_REUSEPORT"},
    "time": {"tzset"},
}  # fmt: skip
ASKS = ("sys.platform", "os.name", "hasattr(socket, ")

AS_ON_WINDOWS = f"""
import os, signal, sys
for name in {sorted(MODULES - {"msvcrt", "winreg", "winsound", "_winapi", "posix", "_posixsubprocess"})!r}:
    sys.modules[name] = None
import importlib, pkgutil, subprocess, asyncio, logging.handlers, tempfile, shutil, ssl, multiprocessing, socketserver
import asyncio.unix_events
for module, names in {{name: sorted(names) for name, names in {NAMES!r}.items()}}.items():
    there = sys.modules.get(module)
    for name in names if module in ("os", "signal") else ():
        if hasattr(there, name) and name not in {sorted({"O_CLOEXEC", "O_NONBLOCK", "set_wakeup_fd", "wait"})!r}:
            delattr(there, name)
import calsync_cli
count = 0
for found in pkgutil.walk_packages(calsync_cli.__path__, "calsync_cli."):
    if found.name != "calsync_cli.__main__":
        importlib.import_module(found.name)
        count += 1
print(count)
"""


def _uses(tree: ast.AST) -> Iterator[tuple[ast.AST, str]]:
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                yield from ((node, one.name) for one in names if one.name.partition(".")[0] in MODULES)
            case ast.ImportFrom(module=str(module), names=names, level=0):
                if module in MODULES:
                    yield node, module
                yield from ((node, f"{module}.{one.name}") for one in names if one.name in NAMES.get(module, ()))
            case ast.Attribute(value=ast.Name(id=owner), attr=name) if name in NAMES.get(owner, ()):
                yield node, f"{owner}.{name}"
            case ast.keyword(arg="preexec_fn"):
                yield node.value, "preexec_fn"


def offences(source: str) -> list[str]:
    """Uses without a question about the system around them, or before them in the same function."""
    tree = ast.parse(source)
    parents = {child: parent for parent in ast.walk(tree) for child in ast.iter_child_nodes(parent)}
    return [f"line {node.lineno}: {name}" for node, name in _uses(tree) if not _is_asked(node, parents)]  # type: ignore[attr-defined]


def _is_asked(node: ast.AST, parents: dict[ast.AST, ast.AST]) -> bool:
    line, inside = node.lineno, node  # type: ignore[attr-defined]
    while inside in parents:
        inside = parents[inside]
        if isinstance(inside, ast.If | ast.IfExp) and _asks(inside.test):
            return True
        if isinstance(inside, ast.FunctionDef):
            return any(isinstance(one, ast.If) and _asks(one.test) and one.lineno < line for one in ast.walk(inside))
    return False


def _asks(test: ast.expr) -> bool:
    return any(word in ast.unparse(test) for word in ASKS)


def test_nothing_of_one_system_is_used_without_asking_which_it_is() -> None:
    modules = {path.relative_to(ROOT).as_posix(): offences(path.read_text("utf-8")) for path in PACKAGE.rglob("*.py")}
    assert len(modules) > 100
    assert {name: found for name, found in modules.items() if found} == {}


def test_the_check_sees_what_it_forbids() -> None:
    for source in ("import fcntl", "from os import fork", "def f():\n    os.killpg(1, 9)", "import termios as t",
                   "subprocess.run(x, preexec_fn=f)", "def f():\n    signal.signal(signal.SIGHUP, g)"):  # fmt: skip
        assert len(offences(source)) == 1, source
    for source in ('if sys.platform != "win32":\n    import fcntl', 'x = os.getuid() if os.name != "nt" else 0',
                   'def f():\n    if sys.platform == "win32":\n        return\n    import fcntl'):  # fmt: skip
        assert offences(source) == [], source


def test_everything_imports_without_what_windows_lacks() -> None:
    """A stand-in for the machine that is not here: docs/platforms.md says what it cannot show."""
    done = subprocess.run([sys.executable, "-c", AS_ON_WINDOWS], capture_output=True, text=True, cwd=ROOT,
                          env={**os.environ, "PYTHONPATH": str(ROOT)}, check=False)  # fmt: skip
    assert done.returncode == 0, done.stderr[-1500:]
    assert int(done.stdout) > 100


def test_each_choice_of_a_system_is_made_in_one_module() -> None:
    """Locks in files, folders in paths: whoever needs one asks there."""
    where = {word: sorted(path.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("*.py")
                          if word in path.read_text("utf-8"))
             for word in ("import fcntl", "import msvcrt", "platformdirs", "import keyring")}  # fmt: skip
    assert where["import fcntl"] == where["import msvcrt"] == ["files.py"]
    assert where["platformdirs"] == ["config/paths.py"]
    assert where["import keyring"] == ["config/secrets.py"]
