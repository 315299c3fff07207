"""Mutation testing of the code that decides: `changes.py` makes the changes, `runs.py` lets the tests notice them."""
