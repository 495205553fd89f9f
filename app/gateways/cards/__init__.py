"""Pictures that stand for a page where somebody shares its address; drawn in a process of their own."""
