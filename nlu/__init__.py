"""Code inside Rasa's process (Python 3.10): the gateway channel and Vietnamese understanding."""
