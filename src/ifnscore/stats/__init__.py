"""Small-sample inference."""
