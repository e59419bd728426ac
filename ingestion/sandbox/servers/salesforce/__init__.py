"""Salesforce as far as its loader asks: OAuth, describe, SOQL, and the changes tests need."""
