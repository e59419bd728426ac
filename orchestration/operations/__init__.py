"""What operators see and hear: alerts, digest, pictures, reports; never imports dagster."""
