"""Take from the inspecting process what it does not need: network, other programs, and files of the site.

Linux gives this without privileges: seccomp refuses system calls, Landlock refuses files. Each is used where the
kernel has it, and the caller is told which are missing.
"""

import ctypes
import os
import platform
import struct
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
SYSTEM_CALLS, FILES = "system calls", "files"
PROTECTIONS = (SYSTEM_CALLS, FILES)

# Numbers of <linux/prctl.h>, <linux/seccomp.h>, <linux/audit.h>, <linux/landlock.h>; they never change.
SET_NO_NEW_PRIVILEGES, SET_SECCOMP, SECCOMP_FILTER = 38, 22, 2
LOAD_WORD, JUMP_IF_EQUAL, JUMP_IF_GREATER_OR_EQUAL, RETURN = 0x20, 0x15, 0x35, 0x06
ALLOW, REFUSE, KILL_PROCESS = 0x7FFF_0000, 0x0005_0001, 0x8000_0000
OTHER_NUMBERS = 0x4000_0000
"""System calls of x86-64 from here on repeat the others under other numbers."""


@dataclass(frozen=True, slots=True)
class Machine:
    """The seccomp name of an architecture, and the system calls that are refused on it."""

    audit: int
    refused: tuple[int, ...]


# In both lists: socket, socketpair, connect, bind, sendto, sendmsg, execve, execveat, kill, tkill, ptrace,
# process_vm_readv, process_vm_writev, unshare, setns, mount, bpf, keyctl, add_key, request_key.
MACHINES = {
    "x86_64": Machine(
        0xC000_003E,
        (41, 53, 42, 49, 44, 46, 59, 322, 62, 200, 101, 310, 311, 272, 308, 165, 321, 250, 248, 249, 57, 58),
    ),
    "aarch64": Machine(
        0xC000_00B7,
        (198, 199, 203, 200, 206, 211, 221, 281, 129, 130, 117, 270, 271, 97, 268, 40, 280, 219, 217, 218),
    ),
}
REFUSED_ON_ALL = (424, 425, 426, 427, 434, 438)
"""pidfd_send_signal, io_uring (it would open sockets without the calls above), pidfd_open, pidfd_getfd."""

CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
ASK_VERSION, BENEATH_PATH = 1, 1
EXECUTE, WRITE_FILE, READ_FILE, READ_FOLDER, REMOVE_FILE, MAKE_FILE, TRUNCATE = (
    1 << bit for bit in (0, 1, 2, 3, 5, 8, 14)
)
READ = EXECUTE | READ_FILE | READ_FOLDER
WRITE = READ_FILE | READ_FOLDER | WRITE_FILE | REMOVE_FILE | MAKE_FILE | TRUNCATE
OF_FILES = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE
FILE_BITS = {1: 13, 2: 14}
"""Version of Landlock → how many rights of files it knows; later ones know at least 15."""
NETWORK_VERSION, SCOPE_VERSION = 4, 6
SYSTEM = (
    "/usr",
    "/lib",
    "/lib64",
    "/etc/ld.so.cache",
    "/etc/localtime",
    "/etc/mime.types",
    "/dev/null",
    "/dev/urandom",
)
"""What libraries and the interpreter read."""


def confine(folder: Path | None = None, source: Path | None = None) -> list[str]:
    """Confine this process for good: it reads its program and the source, and writes only into the folder.

    Returns:
        The protections that this system does not offer.
    """
    if not sys.platform.startswith("linux"):
        return list(PROTECTIONS)
    library = ctypes.CDLL(None, use_errno=True)
    # Without this the kernel accepts neither; it also makes programs with the set-user-id bit powerless.
    library.prctl(SET_NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    # Files first: its own system calls are not refused, but nothing else is needed after them.
    done = {FILES: _limit_files(library, folder, source), SYSTEM_CALLS: _limit_calls(library)}
    return [name for name in PROTECTIONS if not done[name]]


def _limit_calls(library: ctypes.CDLL) -> bool:
    machine = MACHINES.get(platform.machine())
    if machine is None:
        return False
    code = _filter(machine)
    array = ctypes.create_string_buffer(code, len(code))
    program = ctypes.create_string_buffer(struct.pack("@HP", len(code) // 8, ctypes.addressof(array)))
    return bool(library.prctl(SET_SECCOMP, SECCOMP_FILTER, program, 0, 0) == 0)


def _filter(machine: Machine) -> bytes:
    """Return the instructions: the refused calls answer `EPERM`, those of another architecture end the process."""
    refused = (*machine.refused, *REFUSED_ON_ALL)
    lines = [
        (LOAD_WORD, 0, 0, 4),
        (JUMP_IF_EQUAL, 1, 0, machine.audit),
        (RETURN, 0, 0, KILL_PROCESS),
        (LOAD_WORD, 0, 0, 0),
    ]
    lines.append((JUMP_IF_GREATER_OR_EQUAL, len(refused) + 1, 0, OTHER_NUMBERS))
    lines += [(JUMP_IF_EQUAL, len(refused) - index, 0, number) for index, number in enumerate(refused)]
    lines += [(RETURN, 0, 0, ALLOW), (RETURN, 0, 0, REFUSE)]
    return b"".join(struct.pack("<HBBI", *line) for line in lines)


def _limit_files(library: ctypes.CDLL, folder: Path | None, source: Path | None) -> bool:
    version = library.syscall(CREATE_RULESET, None, 0, ASK_VERSION)
    if version < 1:
        return False
    handled = (1 << FILE_BITS.get(version, 15)) - 1
    # From these versions on also TCP, abstract sockets and signals to others; with no rule, all of it is refused.
    network, scopes = (3 if version >= NETWORK_VERSION else 0), (3 if version >= SCOPE_VERSION else 0)
    attributes = struct.pack("<QQQ", handled, network, scopes)
    size = 24 if version >= SCOPE_VERSION else 16 if version >= NETWORK_VERSION else 8
    rules = library.syscall(CREATE_RULESET, attributes, size, 0)
    if rules < 0:
        return False
    try:
        _allow(library, rules, _program(), handled & READ)
        _allow(library, rules, [source] if source else [], handled & READ_FILE)
        _allow(library, rules, [folder] if folder else [], handled & WRITE)
        return bool(library.syscall(RESTRICT_SELF, rules, 0) == 0)
    finally:
        os.close(rules)


def _program() -> list[Path]:
    """Return the folders of the interpreter, its libraries and this package, without the site's settings and data."""
    libraries = {Path(entry).resolve() for entry in sys.path if entry} - {ROOT}
    return [Path(sys.prefix), Path(sys.base_prefix), *libraries, ROOT / "app", *(Path(name) for name in SYSTEM)]


def _allow(library: ctypes.CDLL, rules: int, paths: Iterable[Path], rights: int) -> None:
    for path in paths:
        if not path.exists():
            continue
        handle = os.open(path, os.O_PATH | os.O_CLOEXEC)
        try:
            allowed = rights if path.is_dir() else rights & OF_FILES
            library.syscall(ADD_RULE, rules, BENEATH_PATH, struct.pack("<Qi", allowed, handle), 0)
        finally:
            os.close(handle)
