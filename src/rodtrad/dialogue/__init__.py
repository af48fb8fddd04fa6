"""What the residents share out: a reserved sum, and a receipt for every ballot."""
