"""A released version as manifests: proven, published and written down, for others to apply."""
