"""Pictures of a model: a module a family, which notebooks can call as well, and an album for runs."""
