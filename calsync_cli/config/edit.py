"""Changes of the user's configuration file: comments, order, rights and a symbolic link stay, and it is never half
written.

Shape   `changed(file, change)`: change(document) edits the parsed file in place; `add(document, section, name, table,
        comments)` puts a new table there
Errors  OSError where the file cannot be written; what `check` raises of the new one: the old one is then as it was
"""

from __future__ import annotations

import stat
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from calsync_cli import files

Document = Any


def changed(file: Path, change: Callable[[Document], None], check: Callable[[Path], object] | None = None) -> None:
    """check: is given the new file before it takes the old one's place."""
    import tomlkit

    file = file.resolve()
    document = tomlkit.parse(file.read_text(encoding="utf-8-sig")) if file.exists() else tomlkit.document()
    change(document)
    files.make_folder(file.parent)
    mode = stat.S_IMODE(file.stat().st_mode) if file.exists() else 0o600
    partial = file.with_name(file.name + ".part")
    files.make(partial, mode)
    try:
        partial.write_text(tomlkit.dumps(document), encoding="utf-8")
        if check is not None:
            check(partial)
        partial.replace(file)
    finally:
        partial.unlink(missing_ok=True)


def section(document: Document, name: str) -> Document:
    """[accounts] and such, which stand in the file only by their members."""
    import tomlkit

    return document.setdefault(name, tomlkit.table(is_super_table=True))


def add(document: Document, name: str, key: str, values: Mapping[str, Any], comments: Iterable[str] = ()) -> None:
    import tomlkit

    made = tomlkit.table()
    for line in comments:
        made.add(tomlkit.comment(line))
    for each, value in values.items():
        if isinstance(value, Mapping):
            inline = tomlkit.inline_table()
            inline.update(value)
            made.add(each, inline)
        else:
            made.add(each, value)
    last = name not in document or list(document)[-1] == name
    section(document, name).add(key, made)
    if not last:
        made.add(tomlkit.nl())  # what comes behind it begins without one
