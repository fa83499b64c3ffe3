"""Tasks and the environment `PyInterp-v0`: an async core, and Gymnasium's faces over it."""
