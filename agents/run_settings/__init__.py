"""What a run with verl is told: settings files, and the sections that runs of every kind have."""
