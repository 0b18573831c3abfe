from pathlib import Path

import pytest

from codemill.doctor import cgroups


def write(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)


def test_version_2(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "proc/self/cgroup": "0::/a/b\n",
            "sys/fs/cgroup/a/b/cpu.max": "max 100000\n",
            "sys/fs/cgroup/a/cpu.max": "150000 100000\n",
            "sys/fs/cgroup/a/memory.max": "1000\n",
            "sys/fs/cgroup/a/memory.current": "900\n",
            "sys/fs/cgroup/a/memory.stat": "anon 5\ninactive_file 300\n",
            "sys/fs/cgroup/a/b/memory.max": "max\n",
            "sys/fs/cgroup/a/b/memory.current": "1\n",
        },
    )
    assert cgroups.cores(tmp_path) == 1.5
    assert cgroups.memory(tmp_path) == (1000, 600)


def test_version_1_within_a_container_whose_paths_are_those_outside(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "proc/self/cgroup": "4:memory:/docker/123\n2:cpu,cpuacct:/docker/123\n0::/\n",
            "sys/fs/cgroup/memory/memory.limit_in_bytes": "500\n",
            "sys/fs/cgroup/memory/memory.usage_in_bytes": "100\n",
            "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1\n",
            "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
        },
    )
    assert cgroups.cores(tmp_path) is None
    assert cgroups.memory(tmp_path) == (500, 100)


def test_version_1_with_a_quota_and_no_limit_of_memory(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "proc/self/cgroup": "4:memory:/\n2:cpu:/x\n",
            "sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
            "sys/fs/cgroup/memory/memory.usage_in_bytes": "100\n",
            "sys/fs/cgroup/cpu/x/cpu.cfs_quota_us": "400000\n",
            "sys/fs/cgroup/cpu/x/cpu.cfs_period_us": "100000\n",
        },
    )
    assert cgroups.cores(tmp_path) == 4
    assert cgroups.memory(tmp_path) is None


@pytest.mark.parametrize("text", [None, "", "nonsense\n", "0::/\n"])
def test_no_groups(text: str | None, tmp_path: Path) -> None:
    if text is not None:
        write(tmp_path, {"proc/self/cgroup": text})
    assert cgroups.cores(tmp_path) is None and cgroups.memory(tmp_path) is None


def test_this_machine() -> None:
    limit = cgroups.memory()
    assert limit is None or limit.limit > 0
