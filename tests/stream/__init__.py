"""Streams as processes that are killed, stopped and replaced, and what they leave behind."""
