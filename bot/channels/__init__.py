"""One module a channel: verify, parse, send. Nothing outside this folder knows a vendor's field names."""
