"""What runs with verl have in common, whatever they train by: folder, process, verl's keys, readiness."""
