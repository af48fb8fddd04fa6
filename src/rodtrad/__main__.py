"""Lets `python -m rodtrad` stand for the command `rodtrad`."""

from rodtrad.cli import main

if __name__ == "__main__":
    main()
