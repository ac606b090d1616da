"""What a screening thinks: a population read, what is worth following and why, what is missing, two runs apart."""
