"""Stand-ins for OpenAI and Anthropic on 127.0.0.1, for the demo, tests and benchmarks.

Nothing here calls a vendor, and no pipeline imports it.
"""
