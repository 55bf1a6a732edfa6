"""`calsync schedule`: an entry in the system's own scheduler that runs `calsync sync --due`."""
