"""loopctl's webhook outbox: events that loopctl delivers.

They are written in the transaction of what they report. Nothing is sent from here.
"""
