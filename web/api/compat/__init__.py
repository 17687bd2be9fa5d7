"""`/1.0`: the Sightengine-compatible API, for the models gore and gore-2.0."""
