"""MLflow as the system of record: the MLeap flavour, registered versions and promotion."""
