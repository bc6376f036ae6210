"""Rasa's custom actions: read slots, call the catalogue or the backlog, say something. Thin on purpose."""
