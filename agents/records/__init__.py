"""What runs left on disk, read again: as data, as notebooks, replayed, rescored, or in the terminal."""
