"""Alliance track gateway: translates, labels, signs, federates and proves tracks between nations.

Read `pipeline.py` first: two numbered functions that know the order of the rooms.
"""
