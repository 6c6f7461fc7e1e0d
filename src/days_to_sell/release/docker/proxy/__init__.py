"""HAProxy in front of the replicas of the Docker target: its configuration, its state, its container."""
