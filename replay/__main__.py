"""`python -m replay` is the command line."""

from replay.cli.main import main

if __name__ == "__main__":
    main()
