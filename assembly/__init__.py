"""Puts the parts together: composition root, supervisor, command line. The only package that may import all others."""
