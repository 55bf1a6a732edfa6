"""calsync keeps calendars on several providers in two-way sync, from the user's own machine."""

__version__ = "0.1.0"
