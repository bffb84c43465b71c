"""Recurrent networks that can be watched while they learn: the library behind the playground's pages."""
