"""Two versions beside each other: what each was made of, what each says, and what each answers."""
