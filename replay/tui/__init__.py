"""The terminal UI. ``view``: what is shown and what keys do, in plain Python; what lies beside it draws."""
