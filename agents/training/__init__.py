"""One training run from nothing to a report, with verl as the trainer."""
