"""The brand programmes: what each gives, to whom and when; which fit a need; what an award may do next. Pure."""
