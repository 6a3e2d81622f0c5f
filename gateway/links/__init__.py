"""Takes: `Recorded` messages for a partner; what a partner pushes.

Gives: `Delivery` with the partner's signed receipt; `Inbound`.
Fails: into an explicit link state with the side at fault; what is not receipted stays queued.
Trusts: the pinned certificate keys of the configuration, checked on every request.
"""
