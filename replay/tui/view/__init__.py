"""What the terminal UI shows and what its keys do, as plain data: nothing here knows of a terminal."""
