"""Orders: work that customers want done, from draft to the chosen freelancer."""
