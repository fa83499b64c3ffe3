"""Attempts on other processes: the host's, the server's, other episodes'."""

from __future__ import annotations

from replgym.kernels import Protection

from .probe import Probe

_P, _S = Protection.PROCESSES, Protection.SIGNALS

PROCESSES = (
    Probe("list_processes", _P, "if str(HOST['victim']) in os.listdir('/proc'): escaped()", shows=True),
    Probe(
        "read_command_line",
        _P,
        "if HOST['marker'].encode() in open(f\"/proc/{HOST['victim']}/cmdline\", 'rb').read(): escaped()",
        shows=True,
    ),
    Probe(
        "read_environment",
        _P,
        "if HOST['token'].encode() in open(f\"/proc/{HOST['victim']}/environ\", 'rb').read(): escaped()",
        shows=True,
        by_root=True,
    ),
    Probe(
        "read_memory_file",
        _P,
        "memory = open(f\"/proc/{HOST['victim']}/mem\", 'rb')\nmemory.seek(HOST['address'])\n"
        "if memory.read(len(HOST['token'])).decode() == HOST['token']: escaped()",
        shows=True,
        by_root=True,
    ),
    Probe(
        "read_memory_by_call",
        _P,
        "size = len(HOST['token'])\nours = ctypes.create_string_buffer(size)\n"
        "local = struct.pack('=QQ', ctypes.addressof(ours), size)\n"
        "remote = struct.pack('=QQ', HOST['address'], size)\n"
        "call(310, 270, HOST['victim'], local, 1, remote, 1, 0)\n"
        "if ours.raw.decode() == HOST['token']: escaped()",
        shows=True,
        by_root=True,
    ),
    Probe(
        "trace",
        _P,
        "in_child(lambda: call(101, 117, 0x4206, HOST['victim'], 0, 0) == 0)",
        shows=True,
        by_root=True,
    ),
    Probe(
        "take_descriptor",
        _P,
        "file = call(438, 438, os.pidfd_open(HOST['victim']), HOST['victim_fd'], 0)\n"
        "if os.pread(file, 100, 0).decode() == HOST['token']: escaped()",
        shows=True,
        by_root=True,
    ),
    Probe(
        "open_descriptor",
        _P,
        "file = open(f\"/proc/{HOST['victim']}/fd/{HOST['victim_fd']}\")\n"
        "if file.read() == HOST['token']: escaped()",
        shows=True,
        by_root=True,
    ),
    Probe(
        "list_descriptors",
        _P,
        "os.listdir(f\"/proc/{HOST['victim']}/fd\"); escaped()",
        shows=True,
        by_root=True,
    ),
    Probe(
        "enter_its_folder",
        _P,
        "os.listdir(f\"/proc/{HOST['victim']}/cwd/\"); escaped()",
        shows=True,
        by_root=True,
    ),
    Probe(
        "read_own_keeper", _P, "open(f'/proc/{os.getppid()}/mem', 'rb'); escaped()", shows=True, by_root=True
    ),
    Probe(
        "read_keepers_environment",
        _P,
        "open(f'/proc/{os.getppid()}/environ', 'rb').read(); escaped()",
        shows=True,
        by_root=True,
    ),
    Probe(
        "read_descriptors_of_own_keeper",
        _P,
        "os.listdir(f'/proc/{os.getppid()}/fd'); escaped()",
        shows=True,
        by_root=True,
    ),
    Probe(
        "read_limits", _P, "resource.prlimit(HOST['victim'], resource.RLIMIT_NOFILE); escaped()", shows=True
    ),
    Probe("change_priority", _P, "os.setpriority(os.PRIO_PROCESS, HOST['victim'], 1); escaped()", shows=True),
    Probe(
        "attach_host_shared_memory",
        _P,
        "LIBC.shmat.restype = ctypes.c_void_p\n"
        "segment = call(29, 194, HOST['shm_key'], 0, 0)\n"
        "place = call(30, 196, segment, 0, 0o10000)\n"
        "if ctypes.string_at(place, len(HOST['token'])).decode() == HOST['token']: escaped()",
        shows=True,
    ),
    Probe(
        "open_host_queue",
        _P,
        "call(240, 180, HOST['queue'].encode(), os.O_RDONLY, 0, 0); escaped()",
        shows=True,
    ),
    Probe(
        "inherited_descriptors",
        _P,
        "for fd in range(3, 256):\n"
        "    try:\n"
        "        mode = os.fstat(fd).st_mode\n"
        "    except OSError:\n"
        "        continue\n"
        "    own = os.readlink(f'/proc/self/fd/{fd}').startswith('/memfd:')\n"
        "    if mode & 0o170000 in (0o040000, 0o100000) and not own: escaped()",
    ),
)

SIGNALS = (
    Probe("signal_victim", _S, "os.kill(HOST['victim'], 0); escaped()", shows=True),
    Probe("signal_host", _S, "os.kill(HOST['pid'], 0); escaped()", shows=True),
    Probe("signal_server", _S, "os.kill(HOST['server'], 0); escaped()", shows=True),
    Probe(
        "signal_by_descriptor",
        _S,
        "signal.pidfd_send_signal(os.pidfd_open(HOST['victim']), 0); escaped()",
        shows=True,
    ),
    Probe("signal_thread", _S, "call(200, 130, HOST['victim'], 0); escaped()", shows=True),
    Probe("signal_own_keeper", _S, "os.kill(os.getppid() or 1, 0); escaped()", shows=True),
    Probe(
        "kill_everything",
        _S,
        "in_child(lambda: os.kill(-1, signal.SIGKILL) or os.kill(HOST['victim'], 0) or True)",
    ),
)
