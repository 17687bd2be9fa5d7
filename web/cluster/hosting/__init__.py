"""Streams on many machines: each is decoded and scored on a host, and judged where the service is."""
