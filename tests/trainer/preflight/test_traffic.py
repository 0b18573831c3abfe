"""The program of `test_hlo.py`, counted by hand."""

from tests.trainer.preflight.test_hlo import LOOP
from trainer.preflight.traffic import Collective, traffic_of


def test_bytes_are_counted_by_hand() -> None:
    traffic = traffic_of(LOOP, devices=8)
    assert traffic.collectives == {
        "all-reduce": Collective(1, 2 * 1024 * 3 // 4),
        "collective-permute": Collective(5, 5 * 1024),
    }
    # A round: the counter's sum (12) and copy (8), one row of the stack read and written (2048), the permuted row
    # the same (2048 and its two counters, 8), and the comparison (9). Outside: the copy's read (1024), since what it
    # makes lies in another memory, and the sum's result (1024).
    assert traffic.hbm == 5 * (12 + 8 + 2048 + 2048 + 8 + 9) + 1024 + 1024


def test_a_collective_beside_several_fusions_counts_once() -> None:
    split = LOOP.replace(
        "  %near =", "  %twin = f32[256]{0} all-reduce(%last), channel_id=4, to_apply=%add.1\n  %near ="
    )
    assert traffic_of(split, 8).collectives["all-reduce"].times == 1


def test_groups_are_read_in_every_notation() -> None:
    plain = "replica_groups={{0,1,2,3},{4,5,6,7}}"
    for groups, members in (
        ("replica_groups=[2,4]<=[8]", 4),
        ("replica_groups=mesh['axis_0'=2,'axis_1'=4] {'axis_1'}", 4),
        ("replica_groups=mesh['axis_0'=2,'axis_1'=4] {'axis_0','axis_1'}", 8),
        ("replica_groups=mesh['axis_0'=8] {'axis_0':(2)2}", 2),
        ("replica_groups={}", 8),
    ):
        sent = traffic_of(LOOP.replace(plain, groups), 8).collectives["all-reduce"].sent
        assert sent == 2 * (1024 * (members - 1) // members), groups
