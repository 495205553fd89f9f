"""Finance pages for the people who look after the money of the site: what it holds, what is wrong, corrections."""
