"""What a host and a kernel on another machine say to each other beyond the Jupyter protocol."""

PING = "replgym_ping"
FILE_REQUEST = "replgym_file_request"
FILE_REPLY = "replgym_file_reply"
CHUNK = 4 << 20
"""Bytes of a file in one message; servers take messages of ten megabytes."""
