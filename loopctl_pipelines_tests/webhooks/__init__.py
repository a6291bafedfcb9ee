"""Tests of the webhook outbox."""
