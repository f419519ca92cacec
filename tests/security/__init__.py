"""What is tried against the service, and a count of what should not have worked."""
