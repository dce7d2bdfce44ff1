"""The gate: what must hold of submissions and of the candidate, and what happens when it does not."""
