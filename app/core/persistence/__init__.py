"""Data access: pagination, the outbox, the raw read pool, batched loading."""
