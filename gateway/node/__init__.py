"""Takes: a validated configuration.

Gives: a running gateway: rooms assembled, supervised, watched, stopped cleanly.
Fails: at start with the first thing that is wrong; later by restarting the task that failed.
Trusts: the configuration and the files it names.
"""
