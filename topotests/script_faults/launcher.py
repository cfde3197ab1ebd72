#!/usr/bin/env python
# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs a program that may not make code: PROGRAM ARGUMENT...

A seccomp filter refuses mprotect with PROT_EXEC, and mmap with both PROT_WRITE
and PROT_EXEC, as SELinux (`execmem`) and `MemoryDenyWriteExecute=` of systemd do.
"""

import ctypes
import os
import platform
import struct
import sys

# audit.h, and the numbers of mmap, mprotect, pkey_mprotect.
MACHINES = {
    "x86_64": (0xC000003E, 9, 10, 329),
    "aarch64": (0xC00000B7, 222, 226, 288),
}
LOAD, EQUAL, ANY, AND, RETURN = 0x20, 0x15, 0x45, 0x54, 0x06
ALLOW, DENY = 0x7FFF0000, 0x00050000 | 13  # EACCES
WRITE, EXEC = 2, 4
# struct seccomp_data: nr, arch, instruction pointer, arguments.
NUMBER, ARCH, PROT = 0, 4, 16 + 2 * 8
PR_SET_SECCOMP, FILTER = 22, 2


def program(arch, mmap, *mprotect):
    """Lines of code, jump if true, jump if false, operand; jumps count from the next."""
    return [
        (LOAD, 0, 0, ARCH),
        (EQUAL, 0, 9, arch),
        (LOAD, 0, 0, NUMBER),
        (EQUAL, 4, 0, mmap),
        (EQUAL, 1, 0, mprotect[0]),
        (EQUAL, 0, 5, mprotect[1]),
        (LOAD, 0, 0, PROT),
        (ANY, 4, 3, EXEC),
        (LOAD, 0, 0, PROT),
        (AND, 0, 0, WRITE | EXEC),
        (EQUAL, 1, 0, WRITE | EXEC),
        (RETURN, 0, 0, ALLOW),
        (RETURN, 0, 0, DENY),
    ]


def main():
    code = program(*MACHINES[platform.machine()])
    lines = b"".join(struct.pack("HBBI", *line) for line in code)
    octets = ctypes.create_string_buffer(lines, len(lines))

    class Fprog(ctypes.Structure):
        _fields_ = [("len", ctypes.c_ushort), ("filter", ctypes.c_void_p)]

    prog = Fprog(len(code), ctypes.addressof(octets))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_SECCOMP, FILTER, ctypes.byref(prog), 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "the filter is refused")
    os.execv(sys.argv[1], sys.argv[1:])


if __name__ == "__main__":
    main()
