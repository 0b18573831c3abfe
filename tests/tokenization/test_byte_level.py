from tokenizers import Tokenizer, models, pre_tokenizers

from tests.tokenization.byte_level_vocabulary import gpt2_like_files
from tokenization.byte_level import byte_characters, piece_bytes
from tokenization.codegen import build
from tokenization.hf_json import HfJsonTokenizer


def test_the_characters_are_the_librarys() -> None:
    assert sorted(byte_characters()) == sorted(pre_tokenizers.ByteLevel.alphabet())
    assert sorted(byte_characters().values()) == list(range(256))


def test_each_byte_has_the_character_that_the_library_writes() -> None:
    byte_of = byte_characters()
    text = "".join(map(chr, range(1, 0x250))) + "漢🎉"
    written = "".join(piece for piece, _ in pre_tokenizers.ByteLevel(add_prefix_space=False).pre_tokenize_str(text))
    assert bytes(byte_of[character] for character in written) == text.encode()


def test_added_tokens_are_their_text_and_special_ones_nothing() -> None:
    tokenizer: HfJsonTokenizer = build(*gpt2_like_files())
    library = Tokenizer.from_str(tokenizer._data.decode())
    pieces = piece_bytes(library, tokenizer.size + 1)
    assert pieces is not None
    assert pieces[tokenizer.separator_id] == b"" and pieces[tokenizer.size] == b""
    assert pieces[library.encode(" " * 31).ids[0]] == b" " * 31


def test_other_tokenizers_have_no_bytes() -> None:
    assert piece_bytes(Tokenizer(models.WordLevel({"a": 0}, unk_token="a")), 1) is None
