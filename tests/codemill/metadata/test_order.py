import json

import pytest

from codemill.metadata.order import in_order
from schemas.manifest import Manifest

pytestmark = pytest.mark.slow


def test_sources_and_stages_are_in_the_order_of_the_ledger(manifest: Manifest) -> None:
    arranged = in_order(manifest)
    assert list(manifest.config["sources"]) == ["github", "pile", "tree"]
    assert list(arranged.config["sources"]) == list(arranged.rules) == ["pile", "github", "tree"]
    assert list(arranged.config["stages"]) == list(arranged.stages) == ["nl", "mono"]
    assert arranged.to_bytes() == manifest.to_bytes()
    assert arranged.computed_digest() == manifest.digest


def test_the_order_that_it_comes_in_does_not_matter(manifest: Manifest) -> None:
    turned = json.loads(manifest.to_bytes(), object_pairs_hook=lambda pairs: dict(reversed(pairs)))
    assert json.dumps(in_order(Manifest.model_validate(turned)).model_dump(mode="json")) == json.dumps(
        in_order(manifest).model_dump(mode="json")
    )
