"""The few pages a person meets while signing in. Plain forms: they work in any browser, with or without scripts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape

STYLE = (
    "body{font:16px sans-serif;max-width:32em;margin:3em auto}button{font-size:1em;padding:.4em 1.2em;margin-right:1em}"
)


def page(title: str, inner: str) -> bytes:
    return (
        f"<!doctype html><html lang=en><head><meta charset=utf-8><title>{escape(title)}</title><style>{STYLE}</style>"
        f"</head><body><h1>{escape(title)}</h1>{inner}</body></html>"
    ).encode()


def _hidden(fields: Mapping[str, str]) -> str:
    return "".join(
        f'<input type=hidden name="{escape(name)}" value="{escape(value)}">' for name, value in fields.items()
    )


def _button(name: str, text: str) -> str:
    return f"<button id={name} name=do value={name}>{text}</button>"


def consent(action: str, ticket: str, accounts: Iterable[str], chosen: str, scopes: Iterable[str]) -> bytes:
    options = "".join(f"<option{' selected' if one == chosen else ''}>{escape(one)}</option>" for one in accounts)
    wanted = "".join(f"<li>{escape(scope)}</li>" for scope in scopes)
    form = (
        f'<form method=post action="{escape(action)}">{_hidden({"ticket": ticket})}<p><label>Account '
        f"<select name=account>{options}</select></label></p><p>This app would like to:</p><ul>{wanted}</ul>"
        f"{_button('allow', 'Accept')}{_button('cancel', 'Cancel')}</form>"
    )
    return page("Permissions requested", form)


def device(action: str, code: str, accounts: Iterable[str]) -> bytes:
    options = "".join(f"<option>{escape(one)}</option>" for one in accounts)
    form = (
        f'<form method=post action="{escape(action)}">'
        f'<p><label>Code <input name=user_code value="{escape(code)}"></label></p>'
        f"<p><label>Account <select name=account>{options}</select></label></p>"
        f"{_button('allow', 'Continue')}{_button('cancel', 'Cancel')}</form>"
    )
    return page("Enter code", form)


def form_post(target: str, fields: Mapping[str, str]) -> bytes:
    """response_mode=form_post: the browser carries the answer to the program that waits."""
    form = (f'<form id=answer method=post action="{escape(target)}">{_hidden(fields)}'
            "<noscript><button>Continue</button></noscript></form><script>document.forms[0].submit()</script>")
    return page("Working...", form)
