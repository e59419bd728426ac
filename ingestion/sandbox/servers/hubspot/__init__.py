"""HubSpot's CRM v3, associations v4 and communication preferences v3/v4, as far as loaders go."""
