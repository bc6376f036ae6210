"""Measuring understanding; runs in Rasa's interpreter, outside Rasa's process."""
