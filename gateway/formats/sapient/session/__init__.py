"""Takes: valid Registrations, StatusReports, DetectionReports and Alerts of nodes, in order.

Gives: `Track`s, in SI units, by what each node declared; and what was held too long for a declaration that never came.
Fails: with `FormatError` per message; the state of the node stays as it was.
Trusts: what a node declares about itself, and nothing that it does not.
"""
