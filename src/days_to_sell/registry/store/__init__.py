"""The gated registry store: MLflow's own, which lets no version into Production past a red gate."""
