"""Handing in a document: validated requests, and the statements that queue them."""
