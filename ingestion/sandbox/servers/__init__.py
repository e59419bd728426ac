"""The sandbox company's vendors: HubSpot, Matomo and Shopify on loopback, one process for all."""
