"""What every HTTP edge shares: dependencies, middleware, problem documents, limits."""
