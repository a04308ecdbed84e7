"""The way into the program: with this directory on PYTHONPATH, its interpreter imports our ``sitecustomize``."""
