"""ICS subscriptions: a feed on the web or a file, read and never written (facts section 8)."""
