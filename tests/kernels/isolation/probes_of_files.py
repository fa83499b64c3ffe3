"""Attempts to read and write what is not the interpreter's own."""

from __future__ import annotations

from replgym.kernels import Protection

from .probe import Probe

_R, _W = Protection.READING, Protection.WRITING

READING = (
    Probe("open_secret", _R, "if open(HOST['secret']).read() == HOST['token']: escaped()", shows=True),
    Probe(
        "open_secret_upwards",
        _R,
        "if open('../' * 30 + HOST['secret'][1:]).read() == HOST['token']: escaped()",
        shows=True,
    ),
    Probe(
        "open_secret_in_subprocess",
        _R,
        "out = subprocess.run(['cat', HOST['secret']], capture_output=True, text=True).stdout\n"
        "if out == HOST['token']: escaped()",
        shows=True,
    ),
    Probe(
        "open_secret_in_isolated_python",
        _R,
        "command = [sys.executable, '-I', '-S', '-c', f\"print(open({HOST['secret']!r}).read())\"]\n"
        "out = subprocess.run(command, capture_output=True, text=True).stdout\n"
        "if out.strip() == HOST['token']: escaped()",
        shows=True,
    ),
    Probe(
        "open_secret_in_thread",
        _R,
        "found = []\n"
        "thread = threading.Thread(target=lambda: found.append(open(HOST['secret']).read()))\n"
        "thread.start(); thread.join()\n"
        "if found == [HOST['token']]: escaped()",
        shows=True,
    ),
    Probe(
        "open_secret_through_symlink",
        _R,
        "os.symlink(HOST['secret'], f'link{time.time_ns()}')\n"
        "if open(sorted(glob.glob('link*'))[-1]).read() == HOST['token']: escaped()",
        shows=True,
    ),
    Probe(
        "hard_link_secret",
        _R,
        "name = f'hard{time.time_ns()}'\nos.link(HOST['secret'], name)\n"
        "if open(name).read() == HOST['token']: escaped()",
        shows=True,
        by_root=True,
    ),
    Probe(
        "open_secret_through_process",
        _R,
        "if open(f\"/proc/{HOST['pid']}/root\" + HOST['secret']).read() == HOST['token']: escaped()",
        shows=True,
        by_root=True,
    ),
    Probe(
        "open_secret_through_own_root",
        _R,
        "if open('/proc/self/root' + HOST['secret']).read() == HOST['token']: escaped()",
        shows=True,
    ),
    Probe(
        "open_secret_after_more_landlock",
        _R,
        "LIBC.prctl(38, 1, 0, 0, 0)\n"
        "def attempt():\n"
        "    rules = call(444, 444, struct.pack('=Q', 1), 8, 0)\n"
        "    call(446, 446, rules, 0)\n"
        "    return open(HOST['secret']).read() == HOST['token']\n"
        "in_child(attempt)",
    ),
    Probe(
        "open_secret_from_an_inherited_folder",
        _R,
        "for fd in range(3, 256):\n"
        "    for way in ('', '../' * 30):\n"
        "        try:\n"
        "            file = os.open(way + HOST['secret'][1:], os.O_RDONLY, dir_fd=fd)\n"
        "        except OSError:\n"
        "            continue\n"
        "        if os.read(file, 100).decode() == HOST['token']: escaped()",
    ),
    Probe("list_project", _R, "if 'pyproject.toml' in os.listdir(HOST['project']): escaped()", shows=True),
    Probe("list_home", _R, "if HOST['home_entry'] in os.listdir(HOST['home']): escaped()", shows=True),
    Probe("read_shadow", _R, "if open('/etc/shadow').read(): escaped()", shows=True, by_root=True),
    Probe("read_kernel_memory", _R, "if open('/proc/kcore', 'rb').read(4): escaped()"),
    Probe("read_kernel_log", _R, "os.open('/dev/kmsg', os.O_RDONLY); escaped()"),
    Probe("read_physical_memory", _R, "os.open('/dev/mem', os.O_RDONLY); escaped()"),
    Probe(
        "read_other_episode",
        _R,
        "places = [HOST['temporary'] + '/replgym-*/*/work/', '/workspace/', '/proc/[0-9]*/cwd/']\n"
        "for place in places:\n"
        "    for path in glob.glob(place + HOST['episode_file']):\n"
        "        if open(path).read() == HOST['token']: escaped()",
        shows=True,
    ),
    Probe(
        "read_shared_memory_of_the_host",
        _R,
        "if open('/dev/shm/' + HOST['shared_memory']).read() == HOST['token']: escaped()",
        shows=True,
    ),
    Probe(
        "open_root_by_handle",
        _R,
        "class Handle(ctypes.Structure):\n"
        "    _fields_ = [('size', ctypes.c_uint), ('kind', ctypes.c_int), ('data', ctypes.c_char * 8)]\n"
        "handle = Handle(8, 1, struct.pack('=II', 2, 0))\n"
        "folder = os.open('/usr', os.O_RDONLY)\n"
        "try:\n"
        "    root = call(304, 265, folder, ctypes.byref(handle), os.O_RDONLY)\n"
        "    if os.listdir(root): escaped()\n"
        "finally:\n"
        "    os.close(folder)",
    ),
    Probe("unpack_devices", _R, "os.mknod('disk', 0o60600, os.makedev(254, 0)); escaped()"),
)

WRITING = (
    Probe("create_file", _W, "open(HOST['outside'] + '/new', 'w').close(); escaped()", shows=True),
    Probe("append_to_file", _W, "open(HOST['outside'] + '/append', 'a').close(); escaped()", shows=True),
    Probe("truncate_file", _W, "os.truncate(HOST['outside'] + '/truncate', 0); escaped()", shows=True),
    Probe("delete_file", _W, "os.unlink(HOST['outside'] + '/delete'); escaped()", shows=True),
    Probe(
        "rename_file",
        _W,
        "os.rename(HOST['outside'] + '/rename', HOST['outside'] + '/renamed'); escaped()",
        shows=True,
    ),
    Probe("make_folder", _W, "os.mkdir(HOST['outside'] + '/folder'); escaped()", shows=True),
    Probe("make_link", _W, "os.symlink('/', HOST['outside'] + '/link'); escaped()", shows=True),
    Probe("make_fifo", _W, "os.mkfifo(HOST['outside'] + '/fifo'); escaped()", shows=True),
    Probe(
        "make_socket",
        _W,
        "socket.socket(socket.AF_UNIX).bind(HOST['outside'] + '/socket'); escaped()",
        shows=True,
    ),
    Probe("write_settings", _W, "os.open('/etc/passwd', os.O_WRONLY); escaped()", shows=True, by_root=True),
    Probe(
        "write_standard_library", _W, "os.open(os.__file__, os.O_WRONLY); escaped()", shows=True, by_root=True
    ),
    Probe("write_a_program", _W, "os.open('/usr/bin/env', os.O_WRONLY); escaped()", shows=True, by_root=True),
    Probe("write_own_program", _W, "os.open('/proc/self/exe', os.O_WRONLY); escaped()"),
    Probe(
        "write_readable_folder", _W, "os.open(HOST['readable'] + '/data', os.O_WRONLY); escaped()", shows=True
    ),
    Probe(
        "write_core_pattern",
        _W,
        "os.open('/proc/sys/kernel/core_pattern', os.O_WRONLY); escaped()",
        shows=True,
        by_root=True,
    ),
    Probe(
        "write_sysrq",
        _W,
        "os.open('/proc/sysrq-trigger', os.O_WRONLY); escaped()",
    ),
    Probe(
        "write_control_group",
        _W,
        "for path in glob.glob('/sys/fs/cgroup/cgroup.procs') + glob.glob('/sys/fs/cgroup/*/cgroup.procs'):\n"
        "    os.open(path, os.O_WRONLY); escaped()",
    ),
    Probe(
        "write_release_agent",
        _W,
        "for path in glob.glob('/sys/fs/cgroup/*/release_agent'):\n    os.open(path, os.O_WRONLY); escaped()",
    ),
)
