import pyarrow as pa
import pytest

from codemill.metadata.kept import PLACE, SUMS, Kept
from codemill.metadata.licences import HUB_NAMES, LicenceClass, licence_class, licence_summary, spdx_name
from dedup.licenses import LICENSE_RANKS, license_rank


@pytest.mark.parametrize(
    ("license", "kind", "spdx"),
    [
        ("mit", LicenceClass.PERMISSIVE, "MIT"),
        ("bsd-3-clause", LicenceClass.PERMISSIVE, "BSD-3-Clause"),
        ("mpl-2.0", LicenceClass.WEAK_COPYLEFT, "MPL-2.0"),
        ("gpl-3.0", LicenceClass.STRONG_COPYLEFT, "GPL-3.0"),
        ("gpl-3.0-or-later", LicenceClass.STRONG_COPYLEFT, "GPL-3.0-or-later"),
        ("lgpl-2.1-only", LicenceClass.WEAK_COPYLEFT, "LGPL-2.1-only"),
        ("mit-only", LicenceClass.PERMISSIVE, None),
        ("ofl-1.1", LicenceClass.UNKNOWN, "OFL-1.1"),
        ("proprietary", LicenceClass.UNKNOWN, None),
        ("", LicenceClass.NONE, None),
    ],
)
def test_classes_and_names(license: str, kind: LicenceClass, spdx: str | None) -> None:
    assert (licence_class(license), spdx_name(license)) == (kind, spdx)


def test_every_licence_that_is_ranked_has_a_name_at_spdx() -> None:
    for license in LICENSE_RANKS:
        assert (spdx_name(license) or "").lower() == license


def test_the_hubs_names_are_names_of_ours() -> None:
    assert all((spdx_name(name) or "").lower() == name for name in HUB_NAMES)
    assert {name for name in LICENSE_RANKS if name not in HUB_NAMES} == {"0bsd", "mit-0", "psf-2.0"}


def test_the_summary_is_by_licence_with_the_most_tokens_first() -> None:
    rows = [("a", "mit", 1, 10), ("b", "mit", 2, 20), ("a", "", 3, 60), ("a", "isc", 1, 10)]
    groups = pa.table(
        {name: [""] * 4 for name in PLACE}
        | {name: [0] * 4 for name in SUMS}
        | {
            "source": [row[0] for row in rows],
            "license": [row[1] for row in rows],
            "documents": [row[2] for row in rows],
            "tokens": [row[3] for row in rows],
        }
    )
    found = licence_summary(Kept(groups, pa.schema([]), True))
    assert [(row.license, row.documents, row.tokens, row.share) for row in found] == [
        ("", 3, 60, 0.6),
        ("mit", 3, 30, 0.3),
        ("isc", 1, 10, 0.1),
    ]
    assert found[1].url == "https://spdx.org/licenses/MIT.html" and found[0].url is None
    assert license_rank("isc") == license_rank("mit")
