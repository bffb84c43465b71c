"""What is done with a model and a sequence, one readable step at a time."""
