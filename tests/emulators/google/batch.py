"""POST /batch/calendar/v3: many calls in one multipart request, each answered on its own (facts 7, item 45).

Parts run and are answered in any order; outer headers apply to all parts except Content-*, inner headers win. A part
whose connection "breaks" has no answer, whether it was carried out or not.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from email.parser import BytesParser
from random import Random
from typing import TYPE_CHECKING

from tests.emulators.google import errors, faults
from tests.emulators.google.faults import Fault
from tests.emulators.web import Request, Response, phrase

if TYPE_CHECKING:
    from tests.emulators.google.api import Api

PATH = "/batch/calendar/v3"
HEAD_END = re.compile(rb"\r?\n\r?\n")


@dataclass
class Part:
    content_id: str
    request: Request


def run(api: Api, request: Request) -> Response:
    hit = api.faults.take(f"{request.method} {request.path}? batch", True)
    if "drop-before" in hit:
        return Response(0, fate="dropped")
    refused = faults.refusal(hit)
    if refused is not None:
        return api.refused(refused)
    try:
        parts = read_parts(request)
    except ValueError as bad:
        api.problems.append(f"batch: {bad}")
        return api.refused(errors.invalid(str(bad)))
    if len(parts) > api.world.modes.batch_limit:
        api.problems.append(f"batch: {len(parts)} parts, {api.world.modes.batch_limit} are allowed")
        return api.refused(errors.invalid(f"The batch request has more than {api.world.modes.batch_limit} calls."))
    answers = _carry_out(api, request, parts, hit)
    return faults.spoiled(_joined(api, answers), hit)


def _carry_out(api: Api, outer: Request, parts: list[Part], hit: dict[str, Fault]) -> list[tuple[str, Response]]:
    """`partial-batch`: each part is done with one chance, and a part that was done is answered with another."""
    dice, order = api.world.dice, list(parts)
    dice.shuffle(order)
    shares = hit["partial-batch"].args if "partial-batch" in hit else {}
    answers = []
    for part in order:
        if _left_out(dice, shares.get("done", 0.5 if "partial-batch" in hit else 1.0)):
            continue
        response = api.one(part.request, outer.headers.get("authorization", ""))
        unanswered = _left_out(dice, shares.get("answered", 0.5 if "partial-batch" in hit else 1.0))
        if response.fate == "sent" and not unanswered:
            answers.append((part.content_id, response))
    return answers


def _left_out(dice: Random, share: float) -> bool:
    return share < 1.0 and dice.random() >= share


def read_parts(request: Request) -> list[Part]:
    kind = request.headers.get("content-type", "")
    if not kind.startswith("multipart/mixed") or "boundary=" not in kind:
        raise ValueError("the body is not multipart/mixed")
    message = BytesParser().parsebytes(f"Content-Type: {kind}\r\n\r\n".encode() + request.body)
    if not message.is_multipart():
        raise ValueError("the body has no parts")
    outer = {name: value for name, value in request.headers.items() if not name.startswith("content-")}
    parts = []
    for number, part in enumerate(message.get_payload()):
        if part.get_content_type() != "application/http":
            raise ValueError("a part is not application/http")
        content = part.get_payload(decode=True)
        content_id = str(part.get("Content-ID", f"<{number}>"))
        parts.append(Part(content_id, _inner(bytes(content), outer)))
    return parts


def _inner(content: bytes, outer: dict[str, str]) -> Request:
    head, *rest = HEAD_END.split(content.lstrip(), maxsplit=1)
    first, *lines = head.decode().splitlines()
    method, _, target = first.removesuffix(" HTTP/1.1").partition(" ")
    if not target.startswith("/"):
        raise ValueError(f"an inner request line is a path without host: {target}")
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    path, _, query = target.partition("?")
    body = rest[0] if rest else b""
    body = body[: int(headers["content-length"])] if "content-length" in headers else body.strip()
    return Request(method, path, query, {**outer, **headers}, body)


def _joined(api: Api, answers: list[tuple[str, Response]]) -> Response:
    boundary = f"batch_{api.world.calls:x}_emulated"
    lines: list[bytes] = []
    for content_id, response in answers:
        head = [f"--{boundary}", "Content-Type: application/http",
                f"Content-ID: <response-{content_id.strip('<>')}>", "",
                f"HTTP/1.1 {response.status} {phrase(response.status)}",
                *(f"{name}: {value}" for name, value in response.headers.items()),
                f"Content-Length: {len(response.body)}", "", ""]
        lines += ["\r\n".join(head).encode(), response.body, b"\r\n"]
    lines.append(f"--{boundary}--\r\n".encode())
    delay_s = sum(response.delay_s for _, response in answers)
    headers = {"Content-Type": f"multipart/mixed; boundary={boundary}"}
    return Response(200, b"".join(lines), headers, delay_s=delay_s)
