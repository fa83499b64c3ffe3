"""The commands of `replgym`."""
