"""TAK protocol version 1: another encoding of Cursor on Target, its framing, and the talk that agrees on it.

Takes: frames of a TAK stream or mesh, events as XML text, or what a TAK client or server says.
Gives: events for the CoT decoder, TAK messages of written events, and the endpoint's conversations.
Fails: with `FormatError` (``TAK-...``) per frame; a stream that announces too long a frame ends.
Trusts: nothing; what a message holds as XML goes through `gateway.xml` or a strict subset of it.
"""
