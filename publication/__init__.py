"""From the candidate that the gate judged to a version that never changes: compose, release, compare, go back."""
