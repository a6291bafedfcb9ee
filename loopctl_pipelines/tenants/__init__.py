"""Who is a tenant of loopctl, and which of them are active."""
