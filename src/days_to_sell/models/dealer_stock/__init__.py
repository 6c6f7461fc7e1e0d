"""How long a dealer's car stays in stock."""
