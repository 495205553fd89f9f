"""Who people are to each other: what they say about themselves, and what their deeds say about them."""
