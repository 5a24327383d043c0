"""What tests share: real servers to run against, and what may be skipped."""
