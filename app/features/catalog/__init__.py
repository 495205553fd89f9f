"""The catalogue of what people do here: categories and skills, in Russian and English."""
