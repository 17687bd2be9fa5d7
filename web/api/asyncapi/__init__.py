"""The description of the event feed: AsyncAPI 3.0, made from the types that its events have."""
