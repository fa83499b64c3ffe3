"""The end of a log, as errors tell it."""

from pathlib import Path

from replgym.kernels.log_tail import last_lines


def test_last_lines_of_a_long_file(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"\xff" + b"x" * 100_000 + b"".join(b"\nline %d" % number for number in range(50)))
    assert last_lines(path, 15).splitlines() == [f"line {number}" for number in range(35, 50)]
    path.write_text("")
    assert last_lines(path, 15) == ""
