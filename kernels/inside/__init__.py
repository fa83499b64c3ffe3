"""Programs that run inside an interpreter's process; they import nothing of this project but each other."""
