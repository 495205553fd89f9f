"""The catalogue: categories and skills, with names in Russian and English."""
