"""What the dropped files hold: every kind of file, and the shapes of all of them."""

from ingestion.sources.files import permissions, service, spend, tills

FEEDS = (spend.FEED, tills.FEED, service.CALL_FEED, service.TICKET_FEED, permissions.FEED)
SHAPES = tuple(shape for feed in FEEDS for shape in feed.shapes)
