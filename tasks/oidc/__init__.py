"""Who an OpenID Connect provider vouches for: callers by token, staff by sign-in."""
