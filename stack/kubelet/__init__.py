"""What a cluster does with a Deployment, done to real containers by the rendered manifests."""
