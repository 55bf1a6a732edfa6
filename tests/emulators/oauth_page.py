"""The pages a person sees while signing in: who, which rights (each can be unticked), allow or cancel; or an error."""

from __future__ import annotations

from html import escape

PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<style>body{{font:16px sans-serif;max-width:34em;margin:3em auto}}li{{list-style:none;margin:.4em 0}}
button{{font-size:1em;padding:.5em 1.5em;margin-right:1em}}</style></head>
<body><h1>{title}</h1>{content}</body></html>
"""


def consent_page(action: str, ticket: str, client: str, users: list[str], chosen: str, scopes: list[str]) -> str:
    """One form; the buttons are named `decision`, the boxes `scope`, the accounts `user`."""
    people = "".join(
        f'<li><label><input type="radio" name="user" value="{escape(user)}"{" checked" if user == chosen else ""}>'
        f" {escape(user)}</label></li>"
        for user in users
    )
    rights = "".join(
        f'<li><label><input type="checkbox" name="scope" value="{escape(scope)}" checked> {escape(scope)}</label></li>'
        for scope in scopes
    )
    content = (
        f"<p><b>{escape(client)}</b> wants to access your account.</p>"
        f'<form method="post" action="{escape(action)}"><input type="hidden" name="ticket" value="{escape(ticket)}">'
        f"<ul>{people}</ul><p>Select what it can access:</p><ul>{rights}</ul>"
        '<button id="allow" name="decision" value="allow">Allow</button>'
        '<button id="cancel" name="decision" value="cancel">Cancel</button></form>'
    )
    return PAGE.format(title="Sign in", content=content)


def refusal_page(error: str, text: str) -> str:
    """What cannot be sent back to the client, because the client itself or its address is in doubt."""
    content = f"<p>Error: <code>{escape(error)}</code></p><p>{escape(text)}</p>"
    return PAGE.format(title="Access blocked", content=content)
