"""Tests that share the interpreter of the submission, and what proves their end from outside."""
