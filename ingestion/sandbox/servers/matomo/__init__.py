"""Matomo's reporting API, as far as loaders go."""
