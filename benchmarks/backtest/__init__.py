"""Forecasts against what happened: one module a subject, `run` for all of them."""
