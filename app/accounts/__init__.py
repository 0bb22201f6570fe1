"""People, organisations, memberships, signing in."""
