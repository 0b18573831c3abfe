"""What keys, tokens and passwords look like: the prefixes that services give theirs, and strings assigned to a name."""

from __future__ import annotations

import math
import re
from collections import Counter

KEY_FORMS: dict[str, str] = {
    # Amazon, Google, GitHub, GitLab, Slack, Stripe, ...: the prefix and the alphabet that each documents.
    "AKIA": r"AKIA[0-9A-Z]{16}",
    "ASIA": r"ASIA[0-9A-Z]{16}",
    "AIza": r"AIza[0-9A-Za-z_-]{35}",
    "GOCS": r"GOCSPX-[0-9A-Za-z_-]{28}",
    "ya29": r"ya29\.[0-9A-Za-z_-]{30,}",
    "ghp_": r"ghp_[0-9A-Za-z]{36}",
    "gho_": r"gho_[0-9A-Za-z]{36}",
    "ghu_": r"ghu_[0-9A-Za-z]{36}",
    "ghs_": r"ghs_[0-9A-Za-z]{36}",
    "ghr_": r"ghr_[0-9A-Za-z]{36}",
    "gith": r"github_pat_[0-9A-Za-z_]{22,}",
    "glpa": r"glpat-[0-9A-Za-z_-]{20,}",
    "xoxb": r"xoxb-[0-9A-Za-z-]{20,}",
    "xoxp": r"xoxp-[0-9A-Za-z-]{20,}",
    "xoxa": r"xoxa-[0-9A-Za-z-]{20,}",
    "xoxr": r"xoxr-[0-9A-Za-z-]{20,}",
    "xoxs": r"xoxs-[0-9A-Za-z-]{20,}",
    "sk_l": r"sk_live_[0-9A-Za-z]{16,}",
    "rk_l": r"rk_live_[0-9A-Za-z]{16,}",
    "sk_t": r"sk_test_[0-9A-Za-z]{16,}",
    "sk-p": r"sk-proj-[0-9A-Za-z_-]{32,}",
    "sk-a": r"sk-ant-[0-9A-Za-z_-]{32,}",
    "SG.": r"SG\.[0-9A-Za-z_-]{22}\.[0-9A-Za-z_-]{43}",
    "npm_": r"npm_[0-9A-Za-z]{36}",
    "pypi": r"pypi-AgEI[0-9A-Za-z_-]{50,}",
    "hf_": r"hf_[0-9A-Za-z]{30,}",
    "dop_": r"dop_v1_[0-9a-f]{64}",
    "shpa": r"shpat_[0-9a-fA-F]{32}",
    "eyJ": r"eyJ[0-9A-Za-z_-]{10,}\.eyJ[0-9A-Za-z_-]{10,}\.[0-9A-Za-z_-]{20,}",
    "BEGI": r"BEGIN (?:[A-Z]{2,12} ){0,2}PRIVATE KEY-----(?:[\s\"'+,;]|\\[nrt]|[A-Za-z-]{4,16}: .{1,80}\n)*"
    r"[0-9A-Za-z+/=]{16,}[\s\S]{24,12000}?-----END (?:[A-Z]{2,12} ){0,2}PRIVATE KEY",
}
"""First three or four bytes of a word -> the form of the whole secret. None may run on into further word bytes."""

SECRET_NAME = re.compile(
    rb"(?:pass(?:wd|word|phrase)?|pwd|secret|token|credential|auth|api_?key|access_?key|private_?key|client_?key"
    rb"|encryption_?key|signing_?key)[a-z0-9_]{0,24}[\"'\]]{0,2}\s{0,4}(?::?=|=>|:)\s{0,4}$",
    re.IGNORECASE,
)
"""What stands before the opening quote of an assigned secret."""

NAME_BYTES = 80
"""How far before the quote the name is looked for."""

_DIGIT = re.compile(rb"[0-9]")
_LETTER = re.compile(rb"[A-Za-z]")
_MARKUP = re.compile(rb"[<>{}()\[\]]")
_PLACEHOLDER = re.compile(
    rb"example|sample|dummy|test|fake|your|change.?me|placeholder|x{4,}|\*{3,}|0{6,}|1234567|abcdefg", re.IGNORECASE
)
_LEAST_ENTROPY = 3.2
"""Bits per byte, by the string's own frequencies; English words have about 3, random base64 of this length 4."""
_RUN = re.compile(rb"[A-Za-z0-9+/]{12,}")
_SIGNS = re.compile(rb"[!@$%^&*?~]")


def is_random(value: bytes) -> bool:
    """Whether an assigned string looks drawn by chance.

    It mixes letters with two digits or more, in one long run or with the signs that passwords have; it is no address of
    a page, no placeholder and no name made of words.
    """
    if b"://" in value or _PLACEHOLDER.search(value) or _MARKUP.search(value):
        return False
    candidates = [value] if _SIGNS.search(value) else _RUN.findall(value)
    if not any(len(_DIGIT.findall(run)) >= 2 and _LETTER.search(run) for run in candidates):
        return False
    entropy = -sum(n / len(value) * math.log2(n / len(value)) for n in Counter(value).values())
    return entropy >= _LEAST_ENTROPY
