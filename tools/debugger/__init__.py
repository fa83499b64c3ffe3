"""A debugger for a model's own programs: the host's side of it, and in `inside` the program's."""
