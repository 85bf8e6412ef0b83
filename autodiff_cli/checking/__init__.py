"""Is a gradient right, and how many of its digits: both modes against extrapolated differences."""
