"""The Docker target: two replicas of a version behind HAProxy, swapped without a gap."""
