"""The application: where a municipality works with its thread, in a browser."""
