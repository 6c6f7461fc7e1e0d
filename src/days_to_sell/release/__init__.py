"""Release: a Production version becomes a proven, deployed service."""
