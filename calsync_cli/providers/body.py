"""The body of an answer, bounded while it comes: a small packed answer cannot become a large one.

Shape   `read(response, limit)` -> bytes, unpacked; gzip alone is asked for, once, and nothing else is unpacked
Errors  TooMuch beyond `limit` bytes; httpx.DecodingError for what is packed otherwise, damaged, or only a part
"""

from __future__ import annotations

import zlib

import httpx

from calsync_cli.errors import ProtocolError

ACCEPTED = "gzip"
_GZIP = 31


class TooMuch(ProtocolError):
    """The answer is longer than it may be; asking for less may help."""


def read(response: httpx.Response, limit: int) -> bytes:
    packing = response.headers.get("content-encoding", "").strip().lower()
    unpack = zlib.decompressobj(_GZIP) if packing in ("gzip", "x-gzip") else None
    chunks, size, received = [], 0, 0
    for chunk in response.iter_raw() if not response.is_stream_consumed else (response.content,):
        if unpack is None and packing not in ("", "identity"):
            raise httpx.DecodingError(f"it came packed as {packing[:20]!r}, unasked")
        received += len(chunk)
        try:
            plain = unpack.decompress(chunk, limit + 1 - size) if unpack else chunk
        except zlib.error:
            raise httpx.DecodingError("it cannot be unpacked") from None
        size += len(plain)
        if max(size, received) > limit:
            raise TooMuch(f"{response.request.url.host} sent more than {limit:,} bytes in one answer")
        chunks.append(plain)
    if unpack is not None and received and not unpack.eof:
        raise httpx.DecodingError("only a part of it came")
    return b"".join(chunks)
