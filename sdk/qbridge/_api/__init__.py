"""The client's methods by subject: requests, vectors, the platform, serving.

Each takes Python values, makes the contract's messages of them, sends them through `Core`, and gives
Python values back. They know no transport.
"""
