from schemas.config import BuildConfig
from schemas.known_keys import kinds_at, known_keys
from schemas.plan import Plan


def test_keys_are_those_of_the_place() -> None:
    assert known_keys(BuildConfig, ())[:3] == ["name", "seed", "sources"]
    assert known_keys(BuildConfig, ("shards",)) == ["context_length", "hosts", "shard_bytes", "validation_share"]
    assert "warmup_steps" in known_keys(Plan, ("stages", 0, "learning_rate"))


def test_a_kind_decides_between_sets_of_keys() -> None:
    directory = known_keys(BuildConfig, ("sources", "any name", "directory"))
    assert "repositories" in directory and "project" not in directory
    assert "project" in known_keys(BuildConfig, ("sources", "any name", "bigquery"))


def test_names_of_a_unions_arms_are_passed_over() -> None:
    place = ("sources", "code", "directory", "filters", "tuple[Rule, ...]", 0)
    assert "signal" in known_keys(BuildConfig, place)


def test_kinds_are_told_where_one_is_wanted() -> None:
    assert kinds_at(BuildConfig, ("tokenizer",)) == ["codegen", "sentencepiece", "tokenizer_json"]
    assert kinds_at(BuildConfig, ("shards",)) == []
