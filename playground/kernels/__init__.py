"""Compiled loops for small networks, and the programs that call them. Numba compiles them; `engine` says whether."""
