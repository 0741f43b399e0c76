"""What will happen to her: the body integrated for virtual twins of her."""
