from hypothesis import given
from hypothesis import strategies as st

from codemill.initial.sizes import BATCH, schedule_of, sizes_of
from schemas.config import SentencePieceConfig, ShardConfig
from schemas.plan import Schedule


@given(st.integers(0, 10**14), st.integers(0, 10**5))
def test_sizes_are_valid_and_grow(text: int, characters: int) -> None:
    sizes = sizes_of(text, characters)
    SentencePieceConfig(vocabulary_size=sizes.vocabulary_size)
    ShardConfig(context_length=sizes.context_length, hosts=sizes.hosts, validation_share=sizes.validation_share)
    assert sizes.vocabulary_size >= characters
    larger = sizes_of(2 * text, characters)
    assert larger.vocabulary_size >= sizes.vocabulary_size and larger.context_length >= sizes.context_length


def test_a_large_corpus_has_the_usual_sizes() -> None:
    sizes = sizes_of(10**12)
    assert (sizes.vocabulary_size, sizes.context_length, sizes.hosts) == (
        SentencePieceConfig().vocabulary_size,
        ShardConfig().context_length,
        ShardConfig().hosts,
    )


@given(st.integers(0, 10**14), st.sampled_from([256, 2048]))
def test_schedules_are_valid_and_within_the_text(text: int, context: int) -> None:
    found = schedule_of(text, context)
    Schedule(peak=1, end=0, warmup_steps=found.warmup_steps, anneal_steps=found.steps - found.warmup_steps)
    assert 20 <= found.steps <= 500
    # A token is at most seven bytes here, so the text is seen no more than once unless there is next to none.
    assert found.epochs > 4 or found.steps * BATCH * context * 7 <= text
