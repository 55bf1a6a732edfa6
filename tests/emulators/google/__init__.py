"""Google Calendar and its sign-in, emulated for tests: see `emulator` for use, `control` for the control URL."""

from tests.emulators.google.emulator import CALENDAR_SCOPE, ME, SCOPE, GoogleEmulator, google_emulator

__all__ = ["CALENDAR_SCOPE", "ME", "SCOPE", "GoogleEmulator", "google_emulator"]
