"""What comes as files: partner stores, calls, tickets, ad accounts, lists of consents.

They stand for parts of the business that no server of the sandbox covers: franchise stores in
Amsterdam and London, a call centre, a help desk, and the accounts of the ad platforms. Every line
is kept in the company's database with its true person; the files are rendered from there, so tests
may change a line and render again.
"""
