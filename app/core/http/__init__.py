"""What all HTTP edges share: dependencies, middleware, problem documents, body limits."""
