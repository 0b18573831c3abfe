import hashlib
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from pipelines.build import build
from pipelines.jobs.progress import Silence
from pipelines.jobs.runner import Runner
from pipelines.workspace import work_directory
from schemas.config import BuildConfig
from schemas.errors import CodemillError
from schemas.manifest import Manifest, load_manifest
from schemas.reasons import Outcome
from schemas.record_layout import RecordLayout
from schemas.shard_file import ShardReader
from tests.corpus import write_corpus
from tests.tokenization.byte_level_vocabulary import gpt2_like_files
from tokenization.load import load_tokenizer
from tokenization.packing.records import record_order


class Passes(Silence):
    """Remembers which passes ran."""

    def __init__(self) -> None:
        self.ran: list[str] = []

    def start(self, name: str, total: int, unit: str) -> None:
        self.ran.append(name)


def build_quietly(config: BuildConfig, output: Path, workers: int = 1, kind: type[Runner] = Runner) -> list[str]:
    progress = Passes()
    build(config, str(output), kind(workers, progress))
    return progress.ran


def hashes(root: Path) -> dict[str, str]:
    return {
        str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(root.rglob("*"))
        if path.is_file()
    }


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> BuildConfig:
    return write_corpus(tmp_path_factory.mktemp("corpus"))


@pytest.fixture(scope="module")
def snapshot(corpus: BuildConfig, tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = tmp_path_factory.mktemp("built") / "snapshot"
    build_quietly(corpus, output)
    return output


@pytest.fixture(scope="module")
def manifest(snapshot: Path) -> Manifest:
    return load_manifest(str(snapshot))


def outcomes(manifest: Manifest, source: str) -> dict[str, int]:
    (row,) = [row for row in manifest.ledger.sources if row.source == source]
    return {name: amount.documents for name, amount in row.outcomes.items()}


def test_every_document_is_accounted_for(manifest: Manifest) -> None:
    assert outcomes(manifest, "pile") == {
        Outcome.KEPT: 58,
        "rejected:malformed_json": 1,
        "rejected:nul_byte": 1,
        "rejected:truncated_file": 1,
    }
    assert outcomes(manifest, "github") == {
        Outcome.KEPT: 61,
        Outcome.EXACT_DUPLICATE: 1,
        Outcome.NEAR_DUPLICATE: 1,
        "filtered:mean_line_length": 1,
        Outcome.NOT_SELECTED: 1,
        "rejected:empty_document": 1,
    }
    assert outcomes(manifest, "tree")[Outcome.EXACT_DUPLICATE] == 1
    assert outcomes(manifest, "tree")["rejected:not_utf8"] == 1


def test_streams_decode_to_the_kept_documents(snapshot: Path, manifest: Manifest, corpus: BuildConfig) -> None:
    tokenizer = load_tokenizer(str(snapshot / "tokenizer"))
    layout = RecordLayout(manifest.context_length, manifest.id_bytes)
    texts: dict[bytes, bytes] = {}
    for block in sorted(Path(work_directory(str(snapshot))).glob("harvest-*/blocks/*.parquet")):
        for row in pq.read_table(block, columns=["id", "text", "language", "source"]).to_pylist():
            prefix = corpus.stages[corpus.stage_of(row["source"])].prefix.replace("{language}", row["language"])
            texts[row["id"]] = prefix.encode() + row["text"]
    found = 0
    for stage in manifest.stages.values():
        for split in stage.splits.values():
            for shard in split.shards:
                reader = ShardReader(str(snapshot / shard.name), layout, shard.records)
                records = np.empty((shard.records, manifest.context_length + 1), np.int32)
                order = record_order(manifest.seed, shard.name, shard.records)
                records[order] = reader.read(np.arange(shard.records))
                stream = np.r_[records[:, :-1].ravel(), records[-1:, -1]]
                name = shard.name.replace("shards", "provenance").replace(".tfrecord", ".parquet")
                for row in pq.read_table(snapshot / name).to_pylist():
                    ids = stream[row["start"] : row["start"] + row["tokens"]]
                    assert tokenizer.decode(ids) == texts[row["id"]]
                    found += 1
    assert found == sum(split.documents for split in manifest.ledger.splits) > 170


def test_equal_content_is_never_in_two_splits(snapshot: Path, manifest: Manifest) -> None:
    splits: dict[bytes, set[str]] = {}
    for name in manifest.tables:
        for row in pq.read_table(snapshot / name, columns=["sha256", "split"]).to_pylist():
            if row["split"]:
                splits.setdefault(row["sha256"], set()).add(row["split"])
    assert all(len(found) == 1 for found in splits.values())
    assert any(split.split.startswith("validation-") for split in manifest.ledger.splits)


def test_a_finished_build_does_nothing(corpus: BuildConfig, snapshot: Path) -> None:
    before = hashes(snapshot)
    assert build_quietly(corpus, snapshot) == []
    assert hashes(snapshot) == before


@pytest.mark.slow
def test_two_workers_give_the_same_bytes(corpus: BuildConfig, snapshot: Path, tmp_path: Path) -> None:
    build_quietly(corpus, tmp_path / "again", workers=2)
    assert hashes(tmp_path / "again") == hashes(snapshot)


class ShufflesEverything(Runner):
    """A local runner that is used as an engine is: all values travel through the shuffle."""

    @property
    def exchanges_files(self) -> bool:
        return False


@pytest.mark.slow
def test_values_in_the_shuffle_give_the_same_bytes(corpus: BuildConfig, snapshot: Path, tmp_path: Path) -> None:
    build_quietly(corpus, tmp_path / "again", kind=ShufflesEverything)
    assert hashes(tmp_path / "again") == hashes(snapshot)
    assert not list(tmp_path.rglob("exchange"))


def test_another_tokenizer_repeats_only_what_follows(corpus: BuildConfig, snapshot: Path, tmp_path: Path) -> None:
    output = tmp_path / "snapshot"
    build_quietly(corpus, output)
    tokenizer = corpus.tokenizer.model_copy(update={"vocabulary_size": 450})
    ran = build_quietly(corpus.model_copy(update={"tokenizer": tokenizer}), output)
    assert "harvest" not in ran and "deduplicate" not in ran and "tokenise" in ran
    build_quietly(corpus, output)
    assert hashes(output) == hashes(snapshot)


def test_a_lost_shard_is_written_again(corpus: BuildConfig, snapshot: Path, tmp_path: Path) -> None:
    output = tmp_path / "snapshot"
    build_quietly(corpus, output)
    shard = sorted(output.glob("shards/mono/*.tfrecord"))[0]
    shard.unlink()
    assert build_quietly(corpus, output)
    assert hashes(output) == hashes(snapshot)


def test_a_directory_with_other_files_is_refused(corpus: BuildConfig, tmp_path: Path) -> None:
    (tmp_path / "precious.txt").write_text("mine")
    with pytest.raises(CodemillError, match="holds files"):
        build_quietly(corpus, tmp_path)


def test_paths_that_match_nothing_are_named(corpus: BuildConfig, tmp_path: Path) -> None:
    tree = corpus.sources["tree"].model_copy(update={"paths": (str(tmp_path / "nowhere"),)})
    config = corpus.model_copy(update={"sources": {**corpus.sources, "tree": tree}})
    with pytest.raises(CodemillError, match="nowhere"):
        build_quietly(config, tmp_path / "snapshot")


def test_a_wrong_tokenizer_is_told_before_anything_is_read(corpus: BuildConfig, tmp_path: Path) -> None:
    (tmp_path / "tokenizer.json").write_text("{}")
    changed = corpus.model_dump(mode="json")
    changed["tokenizer"] = {"kind": "tokenizer_json", "path": str(tmp_path / "tokenizer.json")}
    with pytest.raises(CodemillError, match=r"tokenizer\.json: not a tokenizer"):
        build_quietly(BuildConfig.model_validate(changed), tmp_path / "snapshot")
    assert not (tmp_path / "snapshot.work").exists() or not list((tmp_path / "snapshot.work").glob("harvest-*"))


def test_another_tokenizer_under_the_same_name_is_noticed(corpus: BuildConfig, tmp_path: Path) -> None:
    vocabulary, merges = gpt2_like_files()
    (tmp_path / "vocab.json").write_bytes(vocabulary)
    (tmp_path / "merges.txt").write_bytes(merges)
    changed = corpus.model_dump(mode="json")
    names = {"vocabulary": str(tmp_path / "vocab.json"), "merges": str(tmp_path / "merges.txt")}
    changed["tokenizer"] = {"kind": "codegen", **names}
    config = BuildConfig.model_validate(changed)
    build_quietly(config, tmp_path / "snapshot")
    before = load_manifest(str(tmp_path / "snapshot"))
    (tmp_path / "merges.txt").write_bytes(b"\n".join(merges.split(b"\n")[:100]) + b"\n")
    ran = build_quietly(config, tmp_path / "snapshot")
    after = load_manifest(str(tmp_path / "snapshot"))
    assert "harvest" not in ran and {"tokenise", "shard"} <= set(ran)
    assert before.tokenizer.identity != after.tokenizer.identity
