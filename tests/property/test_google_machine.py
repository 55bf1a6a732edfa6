"""People edit at Google and elsewhere, everything breaks, the process dies; then all rests, alike and complete (L2).

CALSYNC_L2_GOOGLE_EXAMPLES and CALSYNC_L2_GOOGLE_STEPS set the size; a failure prints the steps that lead to it.
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

from tests.property.google_machine import GoogleMachine

EXAMPLES = int(os.environ.get("CALSYNC_L2_GOOGLE_EXAMPLES", "60"))
STEPS = int(os.environ.get("CALSYNC_L2_GOOGLE_STEPS", "25"))
SETTINGS = settings(
    max_examples=EXAMPLES, stateful_step_count=STEPS, deadline=None, print_blob=True,
    derandomize="CALSYNC_L2_GOOGLE_EXAMPLES" not in os.environ, suppress_health_check=list(HealthCheck),
)


class WithFolder(GoogleMachine):
    other = "vdir"


class WithCalDav(GoogleMachine):
    other = "dav"


class WithGoogle(GoogleMachine):
    other = "google"


for machine in (WithFolder, WithCalDav, WithGoogle):
    machine.TestCase.settings = SETTINGS
TestWithFolder = WithFolder.TestCase
TestWithCalDav = WithCalDav.TestCase
TestWithGoogle = WithGoogle.TestCase
