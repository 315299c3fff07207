"""Small worlds that write histories: each is right until it is told a bug by name.

A world is a simulation with its own time and one seed: what it does is the same each time it is asked. The bugs are
the ones that have lost somebody's work before; `planted.py` lists them with the checker that has to find each.
"""
