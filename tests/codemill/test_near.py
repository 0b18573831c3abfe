from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from codemill.cli import app
from codemill.near import Answer, near
from pipelines.snapshot.fingerprints import look_up
from schemas.errors import CodemillError
from schemas.manifest import Manifest, load_manifest
from tests.dedup import plain
from tests.pipelines.duplicates.corpora import corpus_config, made_texts
from tests.pipelines.duplicates.test_earlier import build_one


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("near")
    return build_one(corpus_config(root, {"one": 1}, near={"jaccard": 0.7}), root / "snapshot")


@pytest.fixture(scope="module")
def manifest(snapshot: Path) -> Manifest:
    return load_manifest(str(snapshot))


def ask(snapshot: Path, manifest: Manifest, text: str, limit: int = 5) -> Answer:
    return near(str(snapshot), manifest, text.encode(), limit)


def test_a_document_finds_itself(snapshot: Path, manifest: Manifest) -> None:
    best = ask(snapshot, manifest, made_texts(1)[-3]).neighbours[0]
    assert (best.jaccard, best.of_text, best.of_document) == (1.0, 1.0, 1.0)
    assert best.name.startswith("one: ")


def test_similarity_is_exact(snapshot: Path, manifest: Manifest) -> None:
    text = made_texts(1)[-3]
    asked = " ".join([*text.split()[:180], "something", "else"])
    best = ask(snapshot, manifest, asked).neighbours[0]
    one, other = set(plain.shingles(asked.encode())), set(plain.shingles(text.encode()))
    common = len(one & other)
    assert best.jaccard == pytest.approx(common / len(one | other))
    assert best.of_text == pytest.approx(common / len(one))
    assert best.of_document == pytest.approx(common / len(other))


def test_the_best_come_first_and_no_more_than_asked_for(snapshot: Path, manifest: Manifest) -> None:
    every = ask(snapshot, manifest, made_texts(2)[-9], 100)
    assert len(every.neighbours) == every.compared == every.candidates > 1
    assert sorted(every.neighbours, key=lambda n: -n.jaccard) == list(every.neighbours)
    assert ask(snapshot, manifest, made_texts(2)[-9], 1).neighbours == every.neighbours[:1]


def test_short_texts_find_equal_ones(snapshot: Path, manifest: Manifest) -> None:
    assert [n.jaccard for n in ask(snapshot, manifest, "short text").neighbours] == [1.0]
    assert not ask(snapshot, manifest, "short tale").neighbours


def test_what_is_like_nothing_finds_nothing(snapshot: Path, manifest: Manifest) -> None:
    answer = ask(snapshot, manifest, "one two three four five six seven")
    assert not answer.neighbours and not answer.candidates


def test_every_band_key_of_the_index_is_found(snapshot: Path, manifest: Manifest) -> None:
    index = pq.read_table(snapshot / "fingerprints" / "bands-00000-of-00001.parquet")
    bands, keys = index["band_key"].to_numpy(), index["key"].to_numpy()
    assert (bands[1:] >= bands[:-1]).all() and len(bands) % 32 == 0
    chosen = np.unique(bands[::7])
    assert sorted(look_up(str(snapshot), 1, chosen)) == sorted(keys[np.isin(bands, chosen)])
    assert not len(look_up(str(snapshot), 1, bands[:1] - np.uint64(1)))


def test_the_command_prints_neighbours(snapshot: Path, tmp_path: Path) -> None:
    (tmp_path / "text").write_text(made_texts(1)[-3])
    result = CliRunner().invoke(app, ["near", str(snapshot), str(tmp_path / "text")])
    assert result.exit_code == 0 and "1.0000" in result.output and "one: " in result.output


def test_a_snapshot_without_an_index_is_refused(snapshot: Path, manifest: Manifest) -> None:
    with pytest.raises(CodemillError, match="not searched for"):
        ask(snapshot, manifest.model_copy(update={"band_parts": 0}), "text")
    with pytest.raises(CodemillError, match="another kind"):
        ask(snapshot, manifest.model_copy(update={"fingerprint": {"bins": 1}}), "text")
