"""Why: reasons, limits and the trail of any figure."""
