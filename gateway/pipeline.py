"""The corridor: the only module that knows the order of the rooms."""
