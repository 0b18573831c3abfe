"""What all processes of a program use together, read from /proc."""

from __future__ import annotations

import os

_PAGE = os.sysconf("SC_PAGESIZE")
_TICKS = os.sysconf("SC_CLK_TCK")


class Tree:
    """The descendants of this process, who are one program's processes and their init.

    Args:
        proc: a descriptor of /proc, of any process id namespace above this one.
    """

    def __init__(self, proc: int) -> None:
        self._proc = proc
        (self._root,) = self._threads("self")
        # Fails where the kernel does not tell who descends from whom.
        os.stat(f"{self._root}/task/{self._root}/children", dir_fd=proc)

    def use(self, memory_limit: int) -> tuple[float, int]:
        """CPU seconds, those of ended children included, and bytes of memory.

        Memory is the sum of resident sizes, which counts a page that several processes share several times. Only when
        that sum is above `memory_limit` is it counted exactly, which takes longer.
        """
        ticks, pages = 0, 0
        processes = self._descendants()
        for process in processes:
            fields = self._read(f"{process}/stat").rpartition(b")")[2].split()
            if fields:  # or it has ended
                ticks += sum(map(int, fields[11:15]))
                pages += int(fields[21])
        held = pages * _PAGE
        return ticks / _TICKS, held if held <= memory_limit else sum(map(self._share, processes))

    def _descendants(self) -> list[str]:
        found: list[str] = []
        parents = [self._root]
        while parents:
            parent = parents.pop()
            for thread in self._threads(parent):
                children = self._read(f"{parent}/task/{thread}/children").decode().split()
                found += children
                parents += children
        return found

    def _threads(self, process: str) -> list[str]:
        try:
            directory = os.open(f"{process}/task", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=self._proc)
        except OSError:
            return []
        try:
            return os.listdir(directory)
        except OSError:
            return []
        finally:
            os.close(directory)

    def _read(self, name: str) -> bytes:
        """The file, or nothing when its process has ended."""
        try:
            file = os.open(name, os.O_RDONLY | os.O_CLOEXEC, dir_fd=self._proc)
        except OSError:
            return b""
        try:
            return os.read(file, 1 << 16)
        except OSError:
            return b""
        finally:
            os.close(file)

    def _share(self, process: str) -> int:
        """Bytes, a page that n processes share counted as 1/n."""
        for line in self._read(f"{process}/smaps_rollup").splitlines():
            if line.startswith(b"Pss:"):
                return int(line.split()[1]) << 10
        return 0
