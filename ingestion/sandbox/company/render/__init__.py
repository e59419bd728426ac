"""Writes the company's numbers down as the documents each vendor would serve."""
