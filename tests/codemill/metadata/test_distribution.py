import pytest

from codemill.metadata.distribution import distribution, files_of, identity
from schemas.manifest import File, Manifest

OWN = {"manifest.json": File(bytes=1, sha256="00"), "attribution.csv": File(bytes=2, sha256="01")}


@pytest.mark.slow
def test_files_are_listed_up_to_a_number(manifest: Manifest) -> None:
    files = files_of(manifest)
    every = distribution(manifest, OWN, len(files))
    some = distribution(manifest, OWN, len(files) - 1)
    objects = [[node for node in nodes if node["@type"] == "cr:FileObject"] for nodes in (every, some)]
    assert {node["contentUrl"] for node in objects[0]} == files.keys() | OWN.keys()
    assert len(objects[1]) == 4
    assert every[len(objects[0]) :] == some[len(objects[1]) :]


def test_identities_hold_nothing_that_ends_an_address() -> None:
    assert identity("split", "a b<c>|d", "e\n") == "split/a%20b%3Cc%3E%7Cd/e%0A"
