"""How data is read and written: pagination, the outbox, the raw read pool, batched loading."""
