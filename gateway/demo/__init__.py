"""Takes: a duration, or a recording.

Gives: three gateways on loopback, a simulated sky, a live table, three verified ledgers.
Fails: by saying which promise did not hold.
Trusts: nothing; it checks from outside what the gateways say.
"""
