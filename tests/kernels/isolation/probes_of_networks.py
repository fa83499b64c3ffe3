"""Attempts to reach the host or anything beyond it."""

from __future__ import annotations

from replgym.kernels import Protection

from .probe import Probe

_N = Protection.NETWORK
_CONNECT = (
    "peer = socket.socket(socket.{family}, socket.{kind}); peer.settimeout(2)\n"
    "peer.connect({address}); peer.send(b'?')\n"
    "if peer.recv(100).decode() == HOST['token']: escaped()"
)


def _connect(name: str, family: str, kind: str, address: str) -> Probe:
    return Probe(name, _N, _CONNECT.format(family=family, kind=kind, address=address), shows=True)


NETWORK = (
    _connect("tcp_to_host", "AF_INET", "SOCK_STREAM", "('127.0.0.1', HOST['tcp_port'])"),
    _connect("udp_to_host", "AF_INET", "SOCK_DGRAM", "('127.0.0.1', HOST['udp_port'])"),
    _connect("unix_socket_of_host", "AF_UNIX", "SOCK_STREAM", "HOST['unix_socket']"),
    _connect("abstract_socket_of_host", "AF_UNIX", "SOCK_STREAM", "'\\0' + HOST['abstract_socket']"),
    Probe(
        "unix_datagram_to_host",
        _N,
        "peer = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)\n"
        "peer.sendto(b'?', HOST['datagram_socket']); escaped()",
        shows=True,
    ),
    Probe(
        "docker_engine",
        _N,
        "for path in ('/var/run/docker.sock', '/run/docker.sock', '/run/containerd/containerd.sock'):\n"
        "    try: socket.socket(socket.AF_UNIX).connect(path); escaped()\n"
        "    except OSError: pass",
    ),
    Probe(
        "tcp_to_the_world",
        _N,
        "for address in ('1.1.1.1', '8.8.8.8'):\n"
        "    peer = socket.socket(); peer.settimeout(1)\n"
        "    try: peer.connect((address, 53)); escaped()\n"
        "    except OSError: pass",
    ),
    Probe("resolve_a_name", _N, "socket.getaddrinfo('example.com', 80); escaped()"),
    Probe(
        "see_network_devices",
        _N,
        "if any(name != 'lo' for _, name in socket.if_nameindex()): escaped()",
    ),
    Probe("packet_socket", _N, "socket.socket(17, socket.SOCK_RAW); escaped()", shows=True, by_root=True),
    Probe("raw_socket", _N, "socket.socket(2, socket.SOCK_RAW, 1); escaped()", shows=True, by_root=True),
    Probe("virtual_machine_socket", _N, "socket.socket(40, socket.SOCK_STREAM); escaped()"),
)
