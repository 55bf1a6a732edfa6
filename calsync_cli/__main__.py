"""`python -m calsync_cli` is the same program as `calsync`."""

from calsync_cli.cli.app import main

if __name__ == "__main__":
    main()
