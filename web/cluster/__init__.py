"""What lets several machines be one service: the event log on NATS JetStream."""
