"""What happens behind a run: trouble is told to somebody ([notify]), changes are handed to programs ([[hooks]])."""
