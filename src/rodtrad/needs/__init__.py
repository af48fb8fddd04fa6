"""What must be done? Renewal from the register, places from the population.

Imports only `domain`: what it costs the municipality is for `capacity` to say, and
what to do about it for `plan`.
"""
