"""How long a used car is on sale in the United Kingdom."""
