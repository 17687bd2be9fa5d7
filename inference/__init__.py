"""Samples to events: scoring, smoothing, incidents, summaries."""
