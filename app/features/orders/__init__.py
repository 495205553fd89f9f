"""Orders: work that clients want done, from the draft to the choice of a freelancer."""
