"""People edit at Google and elsewhere, everything breaks, the process dies; then all rests, alike and complete (L2).

CALSYNC_L2_CLOUD_EXAMPLES and CALSYNC_L2_CLOUD_STEPS set the size; a failure prints the steps that lead to it.
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

from tests.property.cloud_machine import CloudMachine

EXAMPLES = int(os.environ.get("CALSYNC_L2_CLOUD_EXAMPLES", "60"))
STEPS = int(os.environ.get("CALSYNC_L2_CLOUD_STEPS", "25"))
SETTINGS = settings(
    max_examples=EXAMPLES, stateful_step_count=STEPS, deadline=None, print_blob=True,
    derandomize="CALSYNC_L2_CLOUD_EXAMPLES" not in os.environ, suppress_health_check=list(HealthCheck),
)


class WithFolder(CloudMachine):
    other = "vdir"


class WithCalDav(CloudMachine):
    other = "dav"


class WithGoogle(CloudMachine):
    other = "google"


for machine in (WithFolder, WithCalDav, WithGoogle):
    machine.TestCase.settings = SETTINGS
TestWithFolder = WithFolder.TestCase
TestWithCalDav = WithCalDav.TestCase
TestWithGoogle = WithGoogle.TestCase
