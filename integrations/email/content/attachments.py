"""Attachments of a mail: decoded and held to limits that are said in words."""

import base64
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from ava.conf.pasted import plain

MOST: Final = 10
MOST_BYTES: Final = 700 * 1024
"""Together, decoded: what a request of a megabyte holds."""
TOO_LARGE: Final = (
    f"All attachments together have at most {MOST_BYTES // 1024} KiB. Send a link instead."
)

_NAME: Final = re.compile(r"[^\x00-\x1f\x7f/\\]{1,200}")
# Parts of a mail that are no files have the types multipart and message.
_TYPE: Final = re.compile(
    r"(?!multipart/|message/(?!rfc822\Z))"
    r"[a-z0-9][a-z0-9!#$&^_.+-]{0,60}/[a-z0-9][a-z0-9!#$&^_.+-]{0,60}"
)
# What mail providers refuse, Resend among them
# (https://resend.com/knowledge-base/what-attachment-types-are-not-supported).
_REFUSED: Final = re.compile(
    "ade|adp|app|asp|bas|bat|cer|chm|cmd|com|cpl|crt|exe|fxp|hlp|hta|inf|ins|isp|jar|js|jse|lnk|"
    "mde|msc|msi|msp|mst|pcd|pif|prg|ps1|reg|scr|sct|shb|sys|vb|vbe|vbs|vxd|ws|wsc|wsf|wsh"
)


class WrongAttachment(ValueError):
    """The message is for people."""


@dataclass(frozen=True)
class Attachment:
    filename: str
    content_type: str
    content: bytes = field(repr=False)


def parse(given: Sequence[Mapping[str, Any]]) -> list[Attachment]:
    """The attachments of a request, decoded. Raises: WrongAttachment."""
    found = [_parse_one(one) for one in given]
    if sum(len(one.content) for one in found) > MOST_BYTES:
        raise WrongAttachment(TOO_LARGE)
    return found


def _parse_one(given: Mapping[str, Any]) -> Attachment:
    name, kind = str(given["filename"]), str(given["content_type"]).strip().lower()
    if not _NAME.fullmatch(name):
        raise WrongAttachment("A filename has 1 to 200 characters, without slashes.")
    # Windows passes over dots and blanks at the end, and other characters may look like letters.
    if _REFUSED.fullmatch(plain(name).rstrip(". ").rpartition(".")[2].lower()):
        raise WrongAttachment(f"Mail providers refuse files such as {name[:60]}.")
    if not _TYPE.fullmatch(kind):
        raise WrongAttachment("Write a content type such as application/pdf.")
    try:
        content = base64.b64decode(str(given["content"]), validate=True)
    except ValueError:
        raise WrongAttachment(f"The content of {name[:60]} is no base64.") from None
    if not content:
        raise WrongAttachment(f"{name[:60]} is empty.")
    return Attachment(name, kind, content)
