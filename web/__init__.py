"""Events and summaries to people and programs; the place where all parts are wired together."""
