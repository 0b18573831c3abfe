from evaluation.sampling.buckets import read_tokens, row_bucket, slot_bucket


def test_buckets_hold_what_they_are_for_and_are_few() -> None:
    assert [row_bucket(rows) for rows in (1, 2, 3, 8, 9)] == [1, 2, 4, 8, 16]
    assert [read_tokens(longest) for longest in (1, 2, 65, 66)] == [0, 64, 64, 128]
    sizes = [slot_bucket(slots) for slots in range(1, 2049)]
    assert all(size >= slots for slots, size in enumerate(sizes, 1))
    assert sorted(set(sizes)) == [96, 128, 192, 256, 384, 512, 768, 1024, 1536, 2048]
