"""Puts the parts together: composition root, supervisor, command line. May import all the others."""
