"""Studies of several networks beside each other: clipping, untrained draws."""
