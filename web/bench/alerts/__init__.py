"""Time to alert: generated live timelines through the whole path, then every policy replayed on the scores."""
