"""From a spec to fitted pipelines: features, candidates, their search and calibration."""
