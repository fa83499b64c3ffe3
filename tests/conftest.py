import signal

from hypothesis import settings

# On a busy machine a first call may take long; time is never what a test asserts.
settings.register_profile("replgym", deadline=None)
settings.load_profile("replgym")

# A shell that starts the tests in the background has them ignore Ctrl-C, and all that they start as well.
signal.signal(signal.SIGINT, signal.default_int_handler)
