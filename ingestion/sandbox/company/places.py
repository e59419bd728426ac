"""Where the company is on the web: names that vendors and documents share, and nothing heavy."""

SITE = "https://shop.tandem-sandbox.example"
SITE_ZONE = "Europe/Berlin"
SHOP_DOMAIN = "tandem-sandbox.myshopify.example"

# HubSpot's subscription types: id, name, description, purpose, method.
MARKETING, NEWS, ONE_TO_ONE = 301, 302, 303
SUBSCRIPTIONS = (
    (MARKETING, "Marketing Information", "Marketing offers and updates.", "Marketing", "Email"),
    (NEWS, "Product News", "News about products and seasons.", "Marketing", "Email"),
    (ONE_TO_ONE, "One to One", "One to One emails", "Sales", "Email"),
)
