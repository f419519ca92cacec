"""The one language of these pages."""
