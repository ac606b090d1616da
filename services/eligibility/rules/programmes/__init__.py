"""The programmes: one file each, or one for a tight family."""
