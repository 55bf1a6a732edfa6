"""People edit in a cloud and elsewhere, everything breaks, the process dies; then all rests, alike and complete (L2).

CALSYNC_L2_CLOUD_EXAMPLES and CALSYNC_L2_CLOUD_STEPS set the size; a failure prints the steps that lead to it.
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

from tests.property.google_machine import GoogleMachine
from tests.property.graph_machine import GraphMachine
from tests.property.icloud_machine import ICloudMachine

EXAMPLES = int(os.environ.get("CALSYNC_L2_CLOUD_EXAMPLES", "30"))
STEPS = int(os.environ.get("CALSYNC_L2_CLOUD_STEPS", "25"))
SETTINGS = settings(
    max_examples=EXAMPLES, stateful_step_count=STEPS, deadline=None, print_blob=True,
    derandomize="CALSYNC_L2_CLOUD_EXAMPLES" not in os.environ, suppress_health_check=list(HealthCheck),
)


class GoogleAndFolder(GoogleMachine):
    other = "vdir"


class GoogleAndCalDav(GoogleMachine):
    other = "dav"


class GoogleAndGoogle(GoogleMachine):
    other = "google"


class GraphAndFolder(GraphMachine):
    other = "vdir"


class GraphAndCalDav(GraphMachine):
    other = "dav"


class GraphAndGoogle(GraphMachine):
    other = "google"


class Ring(GraphMachine):
    other = "google"
    third = "dav"


class ICloudAndFolder(ICloudMachine):
    other = "vdir"


class ICloudAndCalDav(ICloudMachine):
    other = "dav"


GOOGLE = (GoogleAndFolder, GoogleAndCalDav, GoogleAndGoogle)
GRAPH = (GraphAndFolder, GraphAndCalDav, GraphAndGoogle, Ring)
ICLOUD = (ICloudAndFolder, ICloudAndCalDav)
for machine in (*GOOGLE, *GRAPH, *ICLOUD):
    machine.TestCase.settings = SETTINGS
TestGoogleAndFolder = GoogleAndFolder.TestCase
TestGoogleAndCalDav = GoogleAndCalDav.TestCase
TestGoogleAndGoogle = GoogleAndGoogle.TestCase
TestGraphAndFolder = GraphAndFolder.TestCase
TestGraphAndCalDav = GraphAndCalDav.TestCase
TestGraphAndGoogle = GraphAndGoogle.TestCase
TestRing = Ring.TestCase
TestICloudAndFolder = ICloudAndFolder.TestCase
TestICloudAndCalDav = ICloudAndCalDav.TestCase
