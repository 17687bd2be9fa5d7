"""Samples to events: scoring, smoothing, incidents, summaries.

ONNX Runtime 1.29 and newer tell Microsoft of each model that they load, unless they were told not to before they are
imported. Whoever imports any module of this package has told them.
"""

import os

os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
