"""Speed and memory, measured on the whole running system. Never part of the tests."""
