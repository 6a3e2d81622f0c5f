"""The alliance track message: canonical octets out, validated tracks in."""
