"""Whether a package or an image is what it says: recomputed from its bytes, with nothing but them."""
