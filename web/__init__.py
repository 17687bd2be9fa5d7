"""Events and summaries to people and programs; the place where all parts are wired together."""

import inference as inference  # what it says to ONNX Runtime must be said before anything imports that
