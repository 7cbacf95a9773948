"""What is counted and how it is read: pure functions, without database or clock."""
