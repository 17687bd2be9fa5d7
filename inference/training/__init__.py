"""How the shipped detector was made: `python -m inference.training --data FOLDER --out inference/models`.

Needs the extra `train` (torch and onnx); nothing outside this package imports it.
"""
