"""The examination of one submission, and one run for each kind of tests."""
