"""Many connections and real commits at once."""
