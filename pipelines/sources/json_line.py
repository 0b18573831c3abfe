r"""One line of JSON -> text and subset, or the reason why not.

Policy, beyond RFC 8259 and the reasons' names:
- keys other than `text` and `meta.pile_set_name` are passed over; a subset that is not a string counts as "";
- `NaN`, `Infinity` and nesting beyond the interpreter's recursion limit (about 1,000 levels) are malformed;
- a line that has `text` twice is malformed; of another key written twice the last one counts;
- half of a surrogate pair (`\ud800`) in `text` or in the subset rejects the line, elsewhere it is passed over.
"""

from __future__ import annotations

import json
from typing import Any, NoReturn

import msgspec

from schemas.reasons import Reject


class _Meta(msgspec.Struct, gc=False):
    pile_set_name: str = ""


class _Line(msgspec.Struct, gc=False):
    text: str
    meta: _Meta | None = None


class JsonDocument(msgspec.Struct, gc=False):
    """A document of a JSON Lines file."""

    text: str
    subset: str


class BadLine(Exception):
    """A line that holds no document."""

    def __init__(self, reason: Reject, detail: str) -> None:
        super().__init__(reason, detail)
        self.reason = reason
        self.detail = detail


_decode = msgspec.json.Decoder(_Line).decode


def parse_line(line: bytes) -> JsonDocument:
    """Parse a line.

    Raises:
        BadLine: it holds no document that can be taken.
    """
    # A quote inside a JSON string is escaped, so these six bytes are a whole string: normally the one key.
    if line.count(b'"text"') == 1:
        try:
            found = _decode(line)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            pass
        else:
            return JsonDocument(found.text, found.meta.pile_set_name if found.meta is not None else "")
    return _parse_carefully(line)


def _parse_carefully(line: bytes) -> JsonDocument:
    """The same with Python's own parser, which is slower and lets each kind of trouble be told from the others."""
    try:
        characters = line.decode()
    except UnicodeDecodeError as error:
        raise BadLine(Reject.NOT_UTF8, f"byte {line[error.start]:#04x} at byte {error.start} of the line") from None
    try:
        pairs = json.loads(characters, object_pairs_hook=_Pairs, parse_constant=_refuse_constant)
    except RecursionError:
        raise BadLine(Reject.MALFORMED_JSON, "nested too deeply") from None
    except ValueError as error:
        raise BadLine(Reject.MALFORMED_JSON, str(error)) from None
    if not isinstance(pairs, _Pairs):
        raise BadLine(Reject.MISSING_TEXT, f"a JSON {_kind(pairs)}, not an object")
    texts = [value for key, value in pairs if key == "text"]
    if len(texts) > 1:
        raise BadLine(Reject.MALFORMED_JSON, "key 'text' is written twice")
    if not texts:
        raise BadLine(Reject.MISSING_TEXT, "no key 'text'")
    if not isinstance(texts[0], str):
        raise BadLine(Reject.MISSING_TEXT, f"'text' is a JSON {_kind(texts[0])}, not a string")
    meta = dict(pairs).get("meta")
    subset = dict(meta).get("pile_set_name") if isinstance(meta, _Pairs) else ""
    document = JsonDocument(texts[0], subset if isinstance(subset, str) else "")
    for field in (document.text, document.subset):
        try:
            field.encode()
        except UnicodeEncodeError as error:
            raise BadLine(Reject.LONE_SURROGATE, f"at character {error.start}") from None
    return document


class _Pairs(list[tuple[str, Any]]):
    """A JSON object with every key it was written with."""


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _kind(value: object) -> str:
    if isinstance(value, _Pairs):
        return "object"
    names = {"NoneType": "null", "bool": "boolean", "str": "string", "list": "array"}
    return names.get(type(value).__name__, "number")
