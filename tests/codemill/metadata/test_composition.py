import pytest

from codemill.metadata.composition import Part, composition, language_codes
from codemill.metadata.kept import Kept
from schemas.manifest import Manifest


@pytest.mark.slow
def test_shares_of_a_stage_add_up(kept: Kept, manifest: Manifest) -> None:
    parts = composition(kept, manifest)
    assert [(part.stage, part.source, part.language) for part in parts] == [
        ("nl", "pile", "english"),
        ("mono", "github", "python"),
        ("mono", "tree", "python"),
    ]
    for stage in ("nl", "mono"):
        assert sum(part.share for part in parts if part.stage == stage) == pytest.approx(1)


def test_codes_are_of_languages_that_are_known() -> None:
    parts = [Part("s", "x", name, 1, 1, 1, 0.1) for name in ("german", "rust", "text", "", "klingon", "<b>")]
    assert language_codes(parts) == ["code", "de"]
    assert language_codes(parts[2:]) == []
