"""The only package that knows Streamlit: what a person sees and touches."""
