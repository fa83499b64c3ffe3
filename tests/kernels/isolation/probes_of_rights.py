"""Attempts to gain rights, to make system calls that are refused, and to use more than the limits allow."""

from __future__ import annotations

from replgym.kernels import Protection

from .probe import Probe

_V, _C = Protection.PRIVILEGES, Protection.SYSCALLS
_ADMIN = "capabilities() & 1 << 21"

PRIVILEGES = (
    Probe("become_root", _V, f"in_child(lambda: os.setuid(0) or {_ADMIN})", shows=True, by_root=True),
    Probe(
        "become_another_user",
        _V,
        "in_child(lambda: os.setuid(HOST['uid'] + 1) or True)",
        shows=True,
        by_root=True,
    ),
    Probe(
        "raise_capabilities",
        _V,
        "header, data = struct.pack('=Ii', 0x20080522, 0), struct.pack('=IIIIII', *[0xFFFFFFFF] * 6)\n"
        f"in_child(lambda: call(126, 91, header, data) == 0 and {_ADMIN})",
    ),
    Probe(
        "run_set_user_id_program",
        _V,
        "out = subprocess.run([HOST['set_user_id'], '-u'], capture_output=True, text=True).stdout\n"
        "if out.strip() == '0': escaped()",
        shows=True,
        by_root=True,
    ),
    Probe("allow_new_privileges", _V, "if LIBC.prctl(39, 0, 0, 0, 0) == 0: escaped()", shows=True),
    Probe(
        "make_device",
        _V,
        "os.mknod(f'null{time.time_ns()}', 0o20666, os.makedev(1, 3)); escaped()",
        shows=True,
        by_root=True,
    ),
    Probe(
        "raise_limits",
        _V,
        "in_child(lambda: resource.setrlimit(resource.RLIMIT_CORE, (-1, -1)) is None)",
    ),
    Probe("change_root", _V, "in_child(lambda: os.chroot('.') is None)", shows=True, by_root=True),
    Probe(
        "mount_memory",
        _V,
        "os.makedirs('mnt', exist_ok=True)\n"
        "in_child(lambda: call(272, 97, 0x20000) == 0 and call(165, 40, b'x', b'mnt', b'tmpfs', 0, 0) == 0)",
        shows=True,
        by_root=True,
    ),
    Probe("unmount", _V, "in_child(lambda: call(166, 39, b'/proc', 2) == 0)"),
    Probe("load_module", _V, "call(175, 105, b'', 0, b''); escaped()"),
    Probe("talk_to_ports", _V, "in_child(lambda: reaches(172, None, 3))", by_root=True),
    Probe("own_host_name", _V, "in_child(lambda: reaches(170, 161, 0, 1 << 20))", shows=True, by_root=True),
)

_ALWAYS = (
    ("user_namespace", "in_child(lambda: call(272, 97, 0x10000000) == 0)"),
    ("user_namespace_by_clone", "in_child(lambda: call(56, 220, 0x10000011, 0, 0, 0, 0) >= 0)"),
    (
        "user_namespace_by_clone3",
        "flags = struct.pack('=11Q', 0x10000000, 0, 0, 0, 17, 0, 0, 0, 0, 0, 0)\n"
        "in_child(lambda: call(435, 435, flags, 88) >= 0)",
    ),
    ("userfaultfd", "if reaches(323, 282, 0xFFFFFF): escaped()"),
    ("io_uring", "if reaches(425, 425, 1, 0): escaped()"),
    ("keyctl", "if reaches(250, 219, 99999): escaped()"),
    ("add_key", "if reaches(248, 217, 0, 0, 0, 0, 0): escaped()"),
    ("request_key", "if reaches(249, 218, 0, 0, 0, 0): escaped()"),
    ("ptrace", "if reaches(101, 117, 99999, os.getpid(), 0, 0): escaped()"),
    ("process_vm_readv", "if reaches(310, 270, os.getpid(), 0, 1, 0, 1, 0): escaped()"),
    ("kcmp", "if reaches(312, 272, 1 << 22, 1 << 22, 0, 0, 0): escaped()"),
    ("name_to_handle", "if reaches(303, 264, -100, 0, 0, 0, 0): escaped()"),
)
_OF_ROOT = (
    ("bpf", "if reaches(321, 280, 99999, 0, 0): escaped()"),
    ("perf_events", "if reaches(298, 241, 0, 0, -1, -1, 0): escaped()"),
    ("network_namespace", "in_child(lambda: call(272, 97, 0x40000000) == 0)"),
    ("mount_namespace", "in_child(lambda: call(272, 97, 0x20000) == 0)"),
    ("process_namespace", "in_child(lambda: call(272, 97, 0x20000000) == 0)"),
    (
        "enter_namespace",
        "in_child(lambda: call(308, 268, os.open('/proc/self/ns/net', os.O_RDONLY), 0) == 0)",
    ),
    ("new_mount_calls", "if reaches(430, 430, b'tmpfs', 0): escaped()"),
    ("open_tree", "if reaches(428, 428, -100, 0, 1): escaped()"),
    ("move_mount", "if reaches(429, 429, -1, 0, -1, 0, 0): escaped()"),
    ("mount_setattr", "if reaches(442, 442, -1, 0, 0, 0, 0): escaped()"),
    ("pivot_root", "if reaches(155, 41, 0, 0): escaped()"),
    ("reboot", "if reaches(169, 142, 0, 0, 0, 0): escaped()"),
    ("swap", "if reaches(167, 224, 0, 0): escaped()"),
    ("set_time", "if reaches(164, 170, 1, 0): escaped()"),
    ("read_kernel_ring", "if reaches(103, 116, 99, 0, 0): escaped()"),
    ("fanotify", "if reaches(300, 262, 1 << 20, 0): escaped()"),
    ("accounting", "if reaches(163, 89, 1): escaped()"),
)
_NOT_SHOWN = (
    ("finit_module", "if reaches(313, 273, -1, 0, 0): escaped()"),
    ("kexec", "if reaches(246, 104, 0, 99999, 0, 0): escaped()"),
    ("x32_table", "if X86: in_child(lambda: reaches(0x40000000 | 39, None))"),
    (
        "32_bit_table",
        "import mmap\n"
        "def attempt():\n"
        "    page = mmap.mmap(-1, 4096, prot=7)\n"
        "    page.write(bytes([0xB8, 20, 0, 0, 0, 0xCD, 0x80, 0xC3]))\n"
        "    place = ctypes.addressof(ctypes.c_char.from_buffer(page))\n"
        "    return ctypes.CFUNCTYPE(ctypes.c_int)(place)() == os.getpid()\n"
        "if X86: in_child(attempt)",
    ),
    (
        "type_into_terminal",
        "import fcntl\nours, theirs = os.openpty()\nfcntl.ioctl(theirs, 0x5412, b'x'); escaped()",
    ),
    (
        "more_permissive_filter",
        "def attempt():\n"
        "    rules = ctypes.create_string_buffer(struct.pack('=HBBI', 6, 0, 0, 0x7FFF0000))\n"
        "    program = ctypes.create_string_buffer(struct.pack('@HxxxxxxQ', 1, ctypes.addressof(rules)))\n"
        "    LIBC.prctl(38, 1, 0, 0, 0)\n"
        "    assert LIBC.prctl(22, 2, program, 0, 0) == 0\n"
        "    return reaches(321, 280, 99999, 0, 0)\n"
        "in_child(attempt)",
    ),
)
SYSCALLS = (
    *(Probe(name, _C, code, shows=True) for name, code in _ALWAYS),
    *(Probe(name, _C, code, shows=True, by_root=True) for name, code in _OF_ROOT),
    *(Probe(name, _C, code) for name, code in _NOT_SHOWN),
)

LIMITS = (
    Probe(
        "use_too_much_memory",
        Protection.MEMORY,
        "lift(resource.RLIMIT_AS)\n"
        "block = bytearray(HOST['memory'] + (64 << 20))\nfor place in range(0, len(block), 4096):\n"
        "    block[place] = 1\ndel block\nescaped()",
    ),
    Probe(
        "start_too_many_processes",
        Protection.PROCESS_COUNT,
        "lift(resource.RLIMIT_NPROC)\n"
        "children = []\n"
        "try:\n"
        "    for _ in range(HOST['processes'] + 8):\n"
        "        pid = os.fork()\n"
        "        if pid == 0:\n"
        "            signal.pause(); os._exit(0)\n"
        "        children.append(pid)\n"
        "    escaped()\n"
        "finally:\n"
        "    for pid in children:\n"
        "        os.kill(pid, 9); os.waitpid(pid, 0)",
        shows=True,
    ),
    Probe(
        "start_too_many_threads",
        Protection.PROCESS_COUNT,
        "end = threading.Event()\nthreads = []\n"
        "try:\n"
        "    for _ in range(HOST['processes'] + 8):\n"
        "        threads.append(threading.Thread(target=end.wait)); threads[-1].start()\n"
        "    escaped()\n"
        "finally:\n"
        "    end.set()",
    ),
    Probe(
        "fill_the_disk",
        Protection.DISK,
        "names = [f'fill{n}' for n in range((HOST['workspace'] >> 20) + 4)]\n"
        "try:\n"
        "    for name in names:\n"
        "        with open(name, 'wb') as file: file.write(bytes(1 << 20))\n"
        "    escaped()\n"
        "finally:\n"
        "    for name in names:\n"
        "        if os.path.exists(name): os.unlink(name)",
        shows=True,
    ),
    Probe(
        "fill_temporary_files",
        Protection.DISK,
        "import tempfile\n"
        "with tempfile.TemporaryDirectory() as folder:\n"
        "    for n in range((HOST['workspace'] >> 20) + 4):\n"
        "        with open(f'{folder}/{n}', 'wb') as file: file.write(bytes(1 << 20))\n"
        "    escaped()",
        shows=True,
    ),
)
