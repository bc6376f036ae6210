"""Citizen side: channels, inbox, turn, delivery."""
