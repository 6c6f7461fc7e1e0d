"""The steps of the MLflow Project, one module per entry point."""
