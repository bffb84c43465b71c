"""What predicts: recurrent networks, their parameters and one fast pass."""
