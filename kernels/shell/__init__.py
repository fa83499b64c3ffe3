"""The `fork` back end: IPython shells in forked processes, and live copies of them."""
