"""Takes: sockets, files and HTTP requests of the national side.

Gives: `Frame`s to the pipeline; the picture, in any format, back to national consumers.
Fails: with `FeedError` towards the caller; a full queue drops by its stated rule and counts.
Trusts: nobody; a client certificate or the feed's configuration says which source speaks.
"""
