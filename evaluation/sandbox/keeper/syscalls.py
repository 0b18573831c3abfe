"""Numbers of system calls: those that the keeper makes, and those that no program may make."""

from __future__ import annotations

import os

MACHINES = ("x86_64", "aarch64")

LAST_KNOWN = 450
"""Calls with higher numbers came after this table: they are refused as if the kernel were older."""

ABSENT = -1
"""For a call that a machine does not have."""

Numbers = dict[str, tuple[int, int]]

ARGUMENTS_MATTER: Numbers = {"clone": (56, 220), "clone3": (435, 435), "mmap": (9, 222), "socketpair": (53, 199)}

OURS: Numbers = {
    "capset": (126, 91),
    "landlock_create_ruleset": (444, 444),
    "landlock_add_rule": (445, 445),
    "landlock_restrict_self": (446, 446),
}

REFUSED: Numbers = {
    # Network.
    "socket": (41, 198), "connect": (42, 203), "bind": (49, 200), "listen": (50, 201),
    # Memory and descriptors of another process.
    "ptrace": (101, 117), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271), "kcmp": (312, 272),
    "pidfd_getfd": (438, 438), "process_madvise": (440, 440), "process_mrelease": (448, 448),
    "migrate_pages": (256, 238), "move_pages": (279, 239),
    # Mounts, roots and namespaces.
    "mount": (165, 40), "umount2": (166, 39), "pivot_root": (155, 41), "chroot": (161, 51), "unshare": (272, 97),
    "setns": (308, 268), "open_tree": (428, 428), "move_mount": (429, 429), "fsopen": (430, 430),
    "fsconfig": (431, 431), "fsmount": (432, 432), "fspick": (433, 433), "mount_setattr": (442, 442),
    "name_to_handle_at": (303, 264), "open_by_handle_at": (304, 265), "fanotify_init": (300, 262),
    # Memory that shows in no process's resident size, so that the watch would not see it.
    "memfd_create": (319, 279), "memfd_secret": (447, 447), "shmget": (29, 194), "shmat": (30, 196),
    "shmctl": (31, 195), "semget": (64, 190), "semop": (65, 193), "semctl": (66, 191), "semtimedop": (220, 192),
    "msgget": (68, 186), "msgsnd": (69, 189), "msgrcv": (70, 188), "msgctl": (71, 187), "mq_open": (240, 180),
    # Large or old parts of the kernel in which holes have been found, and which programs do without.
    "io_uring_setup": (425, 425), "io_uring_enter": (426, 426), "io_uring_register": (427, 427), "bpf": (321, 280),
    "userfaultfd": (323, 282), "perf_event_open": (298, 241), "add_key": (248, 217), "request_key": (249, 218),
    "keyctl": (250, 219), "personality": (135, 92), "modify_ldt": (154, ABSENT), "uselib": (134, ABSENT),
    "ustat": (136, ABSENT), "sysfs": (139, ABSENT), "lookup_dcookie": (212, 18), "nfsservctl": (180, 42),
    "remap_file_pages": (216, 234), "vmsplice": (278, 75), "quotactl": (179, 60), "quotactl_fd": (443, 443),
    # The machine itself: refused for want of privilege too.
    "kexec_load": (246, 104), "kexec_file_load": (320, 294), "init_module": (175, 105), "finit_module": (313, 273),
    "delete_module": (176, 106), "reboot": (169, 142), "swapon": (167, 224), "swapoff": (168, 225), "acct": (163, 89),
    "syslog": (103, 116), "settimeofday": (164, 170), "clock_settime": (227, 112), "clock_adjtime": (305, 266),
    "adjtimex": (159, 171), "sethostname": (170, 161), "setdomainname": (171, 162), "vhangup": (153, 58),
    "iopl": (172, ABSENT), "ioperm": (173, ABSENT),
}  # fmt: skip

NUMBERS: Numbers = ARGUMENTS_MATTER | OURS | REFUSED


def column() -> int:
    """Which number of a pair is this machine's; an OSError where the table has none."""
    machine = os.uname().machine
    if machine not in MACHINES:
        raise OSError(f"no table of system calls for {machine}")
    return MACHINES.index(machine)
