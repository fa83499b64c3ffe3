"""Whether a run of reinforcement learning can start and finish here: what it needs beside other runs."""
