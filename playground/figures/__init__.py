"""Charts for close study: a tidy table in, a plotly figure out. No model and no words of its own."""
