"""Whether a run can start and finish on this machine, found out before anything starts."""
