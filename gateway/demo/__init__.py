"""Takes: a duration, or a recording.

Gives: four gateways on loopback with a release policy each, a simulated sky, a live table, verified ledgers.
Fails: by saying which promise did not hold.
Trusts: nothing; it checks from outside what the gateways say.
"""
