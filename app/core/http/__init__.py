"""HTTP infrastructure: dependencies, middleware, problem documents, body limits."""
