"""What can be done: strategies, guideline rules, safety rules."""
