"""HTTP below the views: limits, client addresses, request validation and error responses."""
