"""Bytes to samples: addresses, ingest, decoding, sampling, worker processes."""
