"""What to install or change for a better sandbox, by what was seen. Trusted side."""

from __future__ import annotations

from pathlib import Path

APPARMOR = Path("/proc/sys/kernel/apparmor_restrict_unprivileged_userns")
NAMESPACES = Path("/proc/sys/user/max_user_namespaces")
DEBIAN_SWITCH = Path("/proc/sys/kernel/unprivileged_userns_clone")
CONTAINERS = (Path("/.dockerenv"), Path("/run/.containerenv"))

BUBBLEWRAP = "install it with `make setup` or `apt-get install bubblewrap`"
NEWER_BUBBLEWRAP = (
    "install bubblewrap 0.8 or newer (Debian 12, Ubuntu 24.04), and name it in GRADER_BWRAP if it "
    "is not the first on the path"
)
NEWER_KERNEL = "Linux 6.12 or newer has it, where Landlock is switched on"
CGROUP = (
    "run the grader as root, or as `systemd-run --user --scope -p Delegate=yes grader …` where "
    "systemd runs"
)
PROFILE = (
    "Ubuntu's AppArmor closes user namespaces: install the package apparmor-profiles and load its "
    "profile with `sudo apparmor_parser -r "
    "/usr/share/apparmor/extra-profiles/bwrap-userns-restrict`, or, on a machine that lives for "
    "one job, `sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0`"
)
SWITCHED_OFF = "user namespaces are switched off: `sudo sysctl -w {name}={value}`"
CONTAINER = (
    "this looks like a container whose system-call filter closes namespaces: start it with "
    "`--security-opt seccomp=unconfined --security-opt systempaths=unconfined`, or grade outside "
    "of it"
)
SOCKETS = (
    "what listens there takes orders from this user's programs: run the grader as a user of its "
    "own, for whom nothing else runs"
)
UNKNOWN = (
    "user namespaces seem closed for this user; `unshare --user true` must work, ask who runs this "
    "machine"
)


def of(rung: str, said: str) -> str:
    """The mend for a rung that did not start, by the state of this machine and what was said."""
    if rung == "bubblewrap+cgroup" and "control group" in said:
        return CGROUP
    if not rung.startswith("bubblewrap"):
        return SOCKETS if "socket" in said else ""
    if _number(APPARMOR) == 1:
        return PROFILE
    if _number(NAMESPACES) == 0:
        return SWITCHED_OFF.format(name="user.max_user_namespaces", value=10000)
    if _number(DEBIAN_SWITCH) == 0:
        return SWITCHED_OFF.format(name="kernel.unprivileged_userns_clone", value=1)
    return CONTAINER if any(path.exists() for path in CONTAINERS) else UNKNOWN


def _number(path: Path) -> int | None:
    try:
        return int(path.read_text())
    except (OSError, ValueError):
        return None
