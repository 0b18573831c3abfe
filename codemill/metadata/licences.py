"""The licences of the kept documents: their classes, their names elsewhere, and how much text is under each."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from identify.vendor.licenses import LICENSES

from codemill.metadata.kept import Kept
from dedup.licenses import PERMISSIVE, STRONG_COPYLEFT, UNKNOWN, WEAK_COPYLEFT, license_rank

_SPDX: dict[str, str] = {name.lower(): name for name, _ in LICENSES} | {
    "lgpl-2.0": "LGPL-2.0",
    "mit-0": "MIT-0",
    "psf-2.0": "PSF-2.0",
}
"""Licences by the document tables' names; of the deprecated ones of the GNU family too, which say no more than that."""

HUB_NAMES = frozenset(
    """afl-3.0 agpl-3.0 apache-2.0 artistic-2.0 bsd-2-clause bsd-3-clause bsd-3-clause-clear bsl-1.0 cc-by-4.0
    cc-by-sa-4.0 cc0-1.0 ecl-2.0 epl-1.0 epl-2.0 eupl-1.1 gpl-2.0 gpl-3.0 isc lgpl-2.1 lgpl-3.0 lppl-1.3c mit mpl-2.0
    ms-pl ncsa ofl-1.1 osl-3.0 postgresql unlicense wtfpl zlib""".split()
)
"""Those of the licences above that Hugging Face's hub knows, by the same names."""


class LicenceClass(StrEnum):
    """What a licence asks of those who pass the text on."""

    PERMISSIVE = "permissive"
    WEAK_COPYLEFT = "weak copyleft"
    STRONG_COPYLEFT = "strong copyleft"
    UNKNOWN = "unknown"
    """A licence is named, and it is not in the table of `dedup.licenses`."""
    NONE = "none"
    """No licence was named or found."""


_CLASSES = {
    PERMISSIVE: LicenceClass.PERMISSIVE,
    WEAK_COPYLEFT: LicenceClass.WEAK_COPYLEFT,
    STRONG_COPYLEFT: LicenceClass.STRONG_COPYLEFT,
    UNKNOWN: LicenceClass.UNKNOWN,
}


@dataclass(frozen=True)
class Licence:
    """The kept documents of one licence."""

    license: str
    """As in the document tables: an SPDX identifier in lower case, whatever an input names, or ""."""
    kind: LicenceClass
    documents: int
    bytes: int
    tokens: int
    share: float
    """Of the tokens of all kept documents."""

    @property
    def spdx(self) -> str | None:
        """Its identifier as SPDX spells it; None if it is not one that codemill knows."""
        return spdx_name(self.license)

    @property
    def url(self) -> str | None:
        """Its page at SPDX."""
        return f"https://spdx.org/licenses/{self.spdx}.html" if self.spdx else None


def licence_class(license: str) -> LicenceClass:
    """The class of a licence by its name in the document tables."""
    return _CLASSES[license_rank(license)] if license else LicenceClass.NONE


def spdx_name(license: str) -> str | None:
    """A licence's identifier as SPDX spells it, or None."""
    whole = license.lower()
    base = whole.removesuffix("-only").removesuffix("-or-later")
    name = _SPDX.get(base)
    if name is None or (base != whole and "GPL" not in name):
        return None
    return name + whole[len(base) :]


def licence_summary(kept: Kept) -> list[Licence]:
    """One row per licence: the most tokens first, then by name."""
    total = max(1, kept.tokens)
    rows = [
        Licence(
            license=row["license"],
            kind=licence_class(row["license"]),
            documents=row["documents"],
            bytes=row["bytes"],
            tokens=row["tokens"],
            share=row["tokens"] / total,
        )
        for row in kept.by("license").to_pylist()
    ]
    return sorted(rows, key=lambda row: (-row.tokens, row.license))
