"""Exact ids of a conversation: templates, transcripts, branches."""
