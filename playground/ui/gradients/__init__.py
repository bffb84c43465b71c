"""The Gradients page: where the gradient goes, and why. One file a panel."""
