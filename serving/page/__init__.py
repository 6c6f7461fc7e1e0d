"""The page at ``/``: a form made from the request contract, its answer, and what would change that."""
