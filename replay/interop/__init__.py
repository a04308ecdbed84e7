"""Foreign formats: what other tools recorded, read as events, and cassettes written for them. One file per format."""
