"""Development tools: builds, checks and generators. They are not part of the product."""
