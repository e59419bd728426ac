"""Shopify's GraphQL Admin API 2026-01, as far as loaders go."""
