from hypothesis import settings

# On a busy machine a first call may take long; time is never what a test asserts.
settings.register_profile("replgym", deadline=None)
settings.load_profile("replgym")
