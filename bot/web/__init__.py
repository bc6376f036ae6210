"""The web chat: page, routes and live events."""
