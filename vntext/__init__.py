"""Vietnamese text. Standard library only, because two interpreters share it."""
