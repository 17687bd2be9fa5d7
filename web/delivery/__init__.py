"""Events to subscribers: the envelope, what is kept, and the hub that hands them out."""
