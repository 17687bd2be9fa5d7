"""From what is judged and published to the store: events with what follows from them, scores, how long they stay."""
