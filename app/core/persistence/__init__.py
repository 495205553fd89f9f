"""Data access: the outbox, the raw read pool, batched loading."""
