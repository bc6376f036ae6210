"""Rasa NLU components, one file each."""
