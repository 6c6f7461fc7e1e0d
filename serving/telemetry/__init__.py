"""What the service tells of itself: metrics of all workers together, and a log of requests."""
