"""From a training frame to folds that are ready to be fitted: derived, weighted, held out."""
