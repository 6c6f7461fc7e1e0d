"""What is measured beside the scoring service, each a program of its own."""
