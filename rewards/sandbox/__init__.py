"""Programs inside a judge's slot: its server, and process 1 of its sandbox, which forks the submissions.

They run in forks of one warm process, which imports no more of this project than they need.
"""
