"""Real estimates of a small corpus. Of bytes only: times are other people's on a shared machine."""

import gzip
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from typer.testing import CliRunner

from codemill.cli import app
from codemill.estimate.measure import measure_build
from codemill.estimate.model import Measured, Quantity, by_step
from codemill.estimate.run import Estimate, Wanted, estimate
from pipelines.bigquery.scan import Scan
from pipelines.jobs.progress import Silence
from pipelines.sources import plan
from schemas.config import BuildConfig
from schemas.errors import CodemillError
from tests.corpus import python_text, write_corpus

DOCUMENTS = 400
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> BuildConfig:
    root = tmp_path_factory.mktemp("corpus")
    made = write_corpus(root, DOCUMENTS)
    (root / "pile" / "01.jsonl.gz").unlink()  # damaged at its end, which no sample can know
    lines = gzip.decompress((root / "pile" / "00.jsonl.gz").read_bytes()).splitlines(keepends=True)
    for number in range(8):
        (root / "pile" / f"{number:02d}.jsonl.gz").write_bytes(gzip.compress(b"".join(lines[number::8]), mtime=0))
    return made


@pytest.fixture(scope="module")
def whole(config: BuildConfig, tmp_path_factory: pytest.TempPathFactory) -> Measured:
    units = {name: plan(name, source) for name, source in config.sources.items() if source.kind != "bigquery"}
    return measure_build(config, units, str(tmp_path_factory.mktemp("whole") / "snapshot"), Silence())[1]


@pytest.fixture(scope="module")
def found(config: BuildConfig, whole: Measured) -> Estimate:
    return estimate(config, Wanted(), int(whole.amounts.text / 2), Silence())


def test_the_sample_is_what_was_asked_for(found: Estimate, whole: Measured) -> None:
    assert found.sample.amounts.text == pytest.approx(whole.amounts.text / 2, rel=0.2)


def test_the_whole_is_known_from_its_half(found: Estimate, whole: Measured) -> None:
    for name in ("text", "documents", "compared", "kept", "tokens", "placed"):
        assert getattr(found.whole.amounts, name) == pytest.approx(getattr(whole.amounts, name), rel=0.2), name


@pytest.mark.parametrize("quantity", [Quantity.SHUFFLED, Quantity.WORK, Quantity.SNAPSHOT])
def test_bytes_are_predicted(found: Estimate, whole: Measured, quantity: Quantity) -> None:
    predicted, measured = by_step(found.whole.values, quantity), by_step(whole.values, quantity)
    assert predicted.keys() == measured.keys()
    assert sum(predicted.values()) == pytest.approx(sum(measured.values()), rel=0.25)


def test_every_pass_takes_time(found: Estimate) -> None:
    seconds = by_step(found.whole.values, Quantity.CPU)
    passes = {"harvest", "compare", "deduplicate", "sample", "train tokenizer", "tokenise", "shard", "publish", "index"}
    assert seconds.keys() == {*passes, "launcher", "manifest"}
    assert all(value > 0 for value in seconds.values())


def written_config(config: BuildConfig, path: Path, **changes: object) -> str:
    path.write_text(yaml.safe_dump({**config.model_dump(mode="json"), **changes}))
    return str(path)


def test_the_command_prints_plain_tables(config: BuildConfig, tmp_path: Path) -> None:
    named = written_config(config, tmp_path / "build.yaml")
    done = CliRunner().invoke(app, ["estimate", named, "--sample", "300kB", "--size", "github=3TiB"])
    assert done.exit_code == 0, done.output
    assert "\x1b" not in done.output
    lines = done.output.splitlines()
    assert any(line.startswith("harvest ") and "units in" in line for line in lines)  # the progress of a build
    rows = {line.split("  ")[0].strip(): line for line in lines}
    assert "3.30 TB" in rows["github"]
    for name in ("harvest", "compare", "shard", "launcher", "total"):
        assert name in rows
    assert "September 2026" in done.output and "$0.056 a vCPU-hour" in done.output


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--size", "nothing=1GB"], "the config has no source 'nothing'"),
        (["--sample", "much"], "'much' is not a size"),
        (["--kept", "tree=130%"], "'130%' is not a share"),
        (["--like", "tree=/nowhere/at/all"], "no directory with files there"),
    ],
)
def test_wrong_options_are_told(config: BuildConfig, tmp_path: Path, options: list[str], message: str) -> None:
    named = written_config(config, tmp_path / "build.yaml")
    done = CliRunner().invoke(app, ["estimate", named, *options])
    assert isinstance(done.exception, CodemillError)
    assert message in str(done.exception) and done.exception.remedy


def test_a_query_needs_rows_to_sample(config: BuildConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = {"kind": "bigquery", "project": "mine", "temporary": "gs://mine/tmp", "languages": ["python"]}
    asking = config.model_dump(mode="json")
    asking["sources"]["rows"] = source
    asking["stages"]["mono"]["sources"].append("rows")
    queried = BuildConfig.model_validate(asking)
    scan = Scan(2**40, (), ("path", "content"))
    monkeypatch.setattr("codemill.estimate.run.check_scan", lambda name, source: scan)
    with pytest.raises(CodemillError, match="--like rows=FILES"):
        estimate(queried, Wanted(), 100_000, Silence())
    texts = [python_text(seed) for seed in range(9000, 9200)]
    table = pa.table({"path": [f"{i}.py" for i in range(len(texts))], "content": texts})
    pq.write_table(table, tmp_path / "rows.parquet")
    wanted = Wanted({"rows": str(tmp_path / "rows.parquet")}, {"rows": 10**12}, {"rows": 0.04})
    found = estimate(queried, wanted, 200_000, Silence())
    rows = found.sources["rows"]
    assert rows.whole.text == pytest.approx(1e12) and rows.whole.kept == pytest.approx(4e10)
    assert rows.whole.tokens / rows.whole.kept == pytest.approx(rows.sample.tokens / rows.sample.kept)
    assert rows.scan_dollars == pytest.approx(6.25)
    assert by_step(found.whole.values, Quantity.SHUFFLED)["fetch rows"] == pytest.approx(1e12)
    assert found.sources["tree"].whole.text < 1e7
    assert found.whole.amounts.training == 60_000
