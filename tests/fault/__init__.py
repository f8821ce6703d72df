"""The fault suite: writers that never stop, daemons, and something that breaks. See scene.py."""
