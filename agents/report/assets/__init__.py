"""Markup, style and scripts of the page."""
