"""Why programs cannot be run here, and what to do about it."""

from __future__ import annotations

import errno

from schemas.errors import CodemillError

_REMEDIES = {
    errno.EPERM: "allow user namespaces: as root, `sysctl kernel.apparmor_restrict_unprivileged_userns=0` or"
    " `kernel.unprivileged_userns_clone=1`; in a container, start it with `--security-opt seccomp=unconfined`"
    " `--security-opt apparmor=unconfined`",
    errno.ENOSPC: "raise the sysctl user.max_user_namespaces, and the others of user.max_*_namespaces",
    errno.EINVAL: "use Linux 5.14 or later, with a root file system that is not its initial RAM disk",
}
_OTHERWISE = "use Linux 5.14 or later, on x86-64 or ARM, with namespaces and seccomp; a virtual machine will do"


def cannot_run(what: str, number: int = 0) -> CodemillError:
    """Something that the sandbox needs is not to be had: `what` failed, with that errno."""
    remedy = _REMEDIES.get(errno.EPERM if number == errno.EACCES else number, _OTHERWISE)
    return CodemillError(f"generated programs cannot be run safely on this machine: {what}", remedy)


def gone() -> CodemillError:
    """A keeper ended, or is stuck."""
    return CodemillError(
        "a sandbox ended before the program in it did",
        "see whether the machine is out of memory; take fewer workers, or a lower limit of memory",
    )
