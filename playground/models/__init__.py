"""What predicts: recurrent networks with one fast pass, and what was there before them."""
