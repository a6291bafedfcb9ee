"""Acme, a second vendor, added the way any vendor is: this file, a client, its exceptions."""
