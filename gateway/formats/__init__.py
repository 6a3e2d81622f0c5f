"""Takes: a `Frame`, or `Track`s.

Gives: `Decoded` tracks and refused records, or `Encoded` frames and their losses.
Fails: with `FormatError` per record; no other exception leaves a codec, whatever the octets.
Trusts: nothing that it reads; does no I/O and knows no other format.
"""
